/** Texts in the source of a TypeScript file, with where they begin. */
interface Text {
  readonly at: number;
  /** An expression in a template is a plausible value. */
  readonly text: string;
}

/** What stands for an expression in a template: the text that a constant of the file gives it, or a plausible value. */
function plausible(expression: string, source: string, isConstant: boolean): string {
  const [, name] = /^(\w+)(?:\([^()]*\))?$/.exec(expression) ?? [];
  const own =
    name === undefined || isConstant ? -1 : source.search(new RegExp(`\\bconst ${name} = (?:\\([^()]*\\) => )?[\`'"]`));
  if (own >= 0) {
    const found: Text[] = [];
    const at = own + source.slice(own).search(/[`'"]/);
    if (source[at] === '`') template(source, at, found, true);
    else quoted(source, at, found);
    return found.at(-1)?.text ?? '';
  }
  // It may add something, or nothing.
  if (/\? `[^`]*` : ''$/.test(expression)) return '';
  if (/port/i.test(expression)) return '8080';
  if (/\bpath|file|folder/i.test(expression)) return '/srv/file';
  return 'worker1';
}

/** After these a slash begins a regular expression. */
const BEFORE_PATTERN = /(?:[(,=:[!&|?{};]|=>|\breturn|^)\s*$/;

/** The string literals and templates of a source, including those within templates. */
export function textsOf(source: string): Text[] {
  const found: Text[] = [];
  scan(source, 0, '', found);
  return found;
}

/** Reads code until a bracket that it doesn't open. @returns the place of that bracket */
function scan(source: string, from: number, until: string, found: Text[]): number {
  let depth = 0;
  for (let i = from; i < source.length; i++) {
    const here = source[i] ?? '';
    if (source.startsWith('//', i)) i = lineEnd(source, i);
    else if (source.startsWith('/*', i)) i = source.indexOf('*/', i) + 1;
    else if (here === '/' && BEFORE_PATTERN.test(source.slice(Math.max(0, i - 20), i))) i = patternEnd(source, i);
    else if (here === "'" || here === '"') i = quoted(source, i, found);
    else if (here === '`') i = template(source, i, found);
    else if (here === '{') depth++;
    else if (here === '}' && depth-- === 0 && until === '}') return i;
  }
  return source.length;
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}

function patternEnd(source: string, from: number): number {
  let isClass = false;
  for (let i = from + 1; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '[') isClass = true;
    else if (source[i] === ']') isClass = false;
    else if (source[i] === '/' && !isClass) return i;
    else if (source[i] === '\n') return from;
  }
  return from;
}

function quoted(source: string, from: number, found: Text[]): number {
  let text = '';
  let i = from + 1;
  for (; i < source.length && source[i] !== source[from]; i++) {
    if (source[i] === '\\') i++;
    text += source[i];
  }
  found.push({ at: from, text });
  return i;
}

/** @param isConstant it is one that was looked up for another: what it names isn't looked up again */
function template(source: string, from: number, found: Text[], isConstant = false): number {
  let text = '';
  let i = from + 1;
  for (; i < source.length && source[i] !== '`'; i++) {
    if (source.startsWith('${', i)) {
      const end = scan(source, i + 2, '}', found);
      text += plausible(source.slice(i + 2, end), source, isConstant);
      i = end;
    } else if (source[i] === '\\') {
      i++;
      text += source[i] === 'n' ? '\n' : source[i];
    } else text += source[i];
  }
  found.push({ at: from, text });
  return i;
}

/** The texts of fixes: after `fix:`, and in a function or a constant of that name or whose name ends like it. */
export function fixesOf(source: string): string[] {
  const texts = textsOf(source);
  const begins = [...source.matchAll(/\bfix(?::| =|\()/gi)].map(({ index }) => index);
  const ranges = begins.map((begin) => [begin, endOf(source, begin, texts)] as const);
  return texts.filter(({ at }) => ranges.some(([begin, end]) => at > begin && at < end)).map(({ text }) => text);
}

/** Where the expression that begins here ends: at a comma, a semicolon or a bracket that it doesn't open. */
function endOf(source: string, from: number, texts: readonly Text[]): number {
  const skip = new Map(texts.map(({ at }) => [at, textEnd(source, at)]));
  let depth = 0;
  for (let i = from; i < source.length; i++) {
    const end = skip.get(i);
    if (end !== undefined) i = end;
    else if ('([{'.includes(source[i] ?? '')) depth++;
    else if (')]}'.includes(source[i] ?? '') && --depth < 0) return i;
    else if (depth === 0 && ',;'.includes(source[i] ?? '')) return i;
  }
  return source.length;
}

function textEnd(source: string, at: number): number {
  return source[at] === '`' ? template(source, at, []) : quoted(source, at, []);
}

/** The commands of swarmup in a text, without the program: in quotes, in brackets, or to the end of the sentence. */
export function commandsIn(text: string, names: readonly string[]): string[] {
  return [...text.matchAll(/(?<![\w./-])swarmup (?=[a-z])/g)].flatMap(({ index }) => {
    const rest = text.slice(index + 'swarmup '.length);
    const before = text[index - 1];
    if (before === "'" || before === '`') return [rest.slice(0, closing(rest, before))];
    if (!names.includes(/^[\w-]+/.exec(rest)?.[0] ?? '')) return [];
    if (before === '(') return [rest.slice(0, bracket(rest))];
    return [/^[^]*?(?=[;,.:](?:\s|$)|[`\n]|$)/.exec(unquotedPart(rest))?.[0] ?? ''];
  });
}

function closing(rest: string, quote: string): number {
  const end = rest.indexOf(quote);
  return end < 0 ? rest.length : end;
}

function bracket(rest: string): number {
  let depth = 0;
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === '(') depth++;
    if (rest[i] === ')' && depth-- === 0) return i;
  }
  return rest.length;
}

/** Punctuation within quotes ends no command. */
function unquotedPart(rest: string): string {
  return rest.replace(/'[^']*'/g, (part) => part.replace(/[;,.:]/g, '_'));
}
