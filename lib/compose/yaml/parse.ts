import { Composer, Lexer, Parser, type Document } from 'yaml';

/**
 * The first document of a text, with every plain scalar as it is written. Docker reads no further. Its parser, libyaml,
 * ignores indentation inside brackets and quotes; the `yaml` package would refuse lines that aren't indented there.
 */
export function parseFirst(text: string): Document.Parsed | undefined {
  const composer = new Composer({
    schema: 'failsafe',
    merge: false,
    strict: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const parser = new Parser();
  const tokens = function* () {
    for (const lexeme of lenientLexer().lex(text)) yield* parser.next(lexeme);
    yield* parser.end();
  };
  const [first] = composer.compose(tokens());
  return first;
}

/** A lexer for which nothing has to be indented inside brackets and quotes. */
function lenientLexer(): Lexer {
  const lexer = new Lexer();
  let indentNext = 0;
  let isQuoted = false;
  Object.defineProperty(lexer, 'indentNext', {
    get: () => (isQuoted || lexer['flowLevel'] > 0 ? 0 : indentNext),
    set: (value: number) => {
      indentNext = value;
    },
  });
  const parseQuotedScalar = lexer['parseQuotedScalar'].bind(lexer);
  lexer['parseQuotedScalar'] = function* () {
    isQuoted = true;
    try {
      return yield* parseQuotedScalar();
    } finally {
      isQuoted = false;
    }
  };
  return lexer;
}
