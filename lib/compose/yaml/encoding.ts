import type { Problem } from './nodes.ts';

/** How bytes become the text that a YAML parser reads. Source: gopkg.in/yaml.v3, readerc.go. */

const UTF16 = { le: Buffer.of(0xff, 0xfe), be: Buffer.of(0xfe, 0xff) } as const;

/**
 * The text of a YAML file: UTF-8, or UTF-16 with a byte order mark, as editors and shells of Windows write it.
 *
 * @returns also the first place that isn't text of this encoding
 */
export function decodeBytes(data: Buffer): { readonly text: string; readonly problem?: Problem } {
  const order = data.subarray(0, 2);
  const isUtf16 = order.equals(UTF16.le) || order.equals(UTF16.be);
  return isUtf16 ? fromUtf16(data.subarray(2), order.equals(UTF16.be)) : fromUtf8(data);
}

function fromUtf8(data: Buffer): ReturnType<typeof decodeBytes> {
  const text = data.toString();
  const valid = Buffer.from(text);
  if (valid.equals(data)) return { text };
  // What isn't UTF-8 became a replacement character; the bytes before it are unchanged.
  const same = valid.findIndex((byte, i) => byte !== data[i]);
  const offset = data
    .subarray(0, same)
    .toString()
    .replace(/\uFFFD+$/u, '').length;
  return { text, problem: problemAt(offset, 'the text is not UTF-8') };
}

function fromUtf16(data: Buffer, isBigEndian: boolean): ReturnType<typeof decodeBytes> {
  const pairs = Buffer.from(data.subarray(0, data.length - (data.length % 2)));
  const text = (isBigEndian ? pairs.swap16() : pairs).toString('utf16le');
  if (data.length % 2 === 0 && text.isWellFormed()) return { text };
  const offset = text.isWellFormed() ? text.length : text.search(/\p{Surrogate}/u);
  return { text: text.toWellFormed(), problem: problemAt(offset, 'the text is not UTF-16') };
}

function problemAt(offset: number, message: string): Problem {
  return { offset, length: 1, message, hint: 'expected a file in UTF-8: save it in this encoding' };
}

/** A text whose lines end as libyaml ends them, with line feeds alone or CR LF. Every character keeps its offset. */
export function withLineFeeds(text: string): string {
  return text.replace(/\r(?!\n)|\u0085/g, '\n');
}
