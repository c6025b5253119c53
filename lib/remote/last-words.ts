import type { Readable } from 'node:stream';

/** How much of a program's output is kept, in characters. */
const KEPT = 8192;

/** The end of what a stream has delivered so far. @param onText called after each piece, with the end so far */
export function lastWords(stream: Readable, onText?: (text: string) => void): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-KEPT);
    onText?.(text);
  });
  return () => text;
}
