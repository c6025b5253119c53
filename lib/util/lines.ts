import { StringDecoder } from 'node:string_decoder';

/** The longest line that is passed on, in characters. */
const LONGEST = 65_536;
const CUT = ' [... the rest of this line is left out]';

/** Takes the chunks of a stream; `end` passes on a last line without a line break. */
export interface LineSplitter {
  (chunk: Buffer | string): void;
  readonly end: () => void;
}

export interface SplitOptions {
  /** In characters; of a longer line only the beginning is passed on. */
  readonly longest?: number;
  /** Called as soon as a line is longer, where that is an error: it may never end. */
  readonly onLong?: () => void;
  /** Passes on blank lines, and blanks at the end of a line. */
  readonly exact?: boolean;
}

/**
 * Calls back with every line of a stream; carriage returns also end a line, as progress output uses them. A line
 * without end is passed on only once, at its end.
 */
export function lineSplitter(onLine: (line: string) => void, options: SplitOptions = {}): LineSplitter {
  const { longest = LONGEST, exact = false, onLong } = options;
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let length = 0;
  /** The text so far ends with a carriage return, and a line feed after it ends no other line. */
  let afterReturn = false;
  const add = (piece: string) => {
    if (piece !== '' && length <= longest) pieces.push(piece.slice(0, longest + 1 - length));
    const wasLong = length > longest;
    length += piece.length;
    if (length > longest && !wasLong) onLong?.();
  };
  const finish = () => {
    const line = pieces.join('');
    const isLong = length > longest;
    pieces = [];
    length = 0;
    const shown = isLong ? `${line.slice(0, longest)}${CUT}` : line;
    if (exact) onLine(shown);
    else if (line.trim() !== '') onLine(shown.trimEnd());
  };
  const feed = (text: string) => {
    let start = 0;
    for (const { 0: ending, index } of text.matchAll(/[\r\n]/g)) {
      const isSecond = ending === '\n' && index === start && afterReturn;
      add(text.slice(start, index));
      if (!isSecond) finish();
      afterReturn = ending === '\r';
      start = index + 1;
    }
    if (start < text.length) afterReturn = false;
    add(text.slice(start));
  };
  const end = () => {
    feed(decoder.end());
    if (length > 0) finish();
  };
  return Object.assign((chunk: Buffer | string) => feed(typeof chunk === 'string' ? chunk : decoder.write(chunk)), {
    end,
  });
}
