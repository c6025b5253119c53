/** How much of a command's output is kept at its beginning and at its end, in bytes. */
const EACH_END = 8 * 2 ** 20;
/** Smaller chunks are put together, so that an output in single bytes has few of them. */
const SMALL = 4096;

/**
 * The output of a program, of which only the beginning and the end are kept when it is long: a program on a host may
 * print without end.
 */
export class BoundedOutput {
  readonly #eachEnd: number;
  readonly #head: Buffer[] = [];
  #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  /** The chunks of the tail before this index are dropped. */
  #first = 0;
  /** The bytes that were dropped between the two ends. */
  leftOut = 0;

  constructor(eachEnd = EACH_END) {
    this.#eachEnd = eachEnd;
  }

  add(chunk: Buffer): void {
    const room = this.#eachEnd - this.#headBytes;
    const head = chunk.subarray(0, room);
    if (head.length > 0) {
      joinSmall(this.#head, head);
      this.#headBytes += head.length;
    }
    if (chunk.length > room) this.#addToTail(chunk.subarray(room));
  }

  #addToTail(chunk: Buffer): void {
    const kept = chunk.subarray(-this.#eachEnd);
    // A part of a chunk would keep the whole chunk in memory.
    joinSmall(this.#tail, kept.length === chunk.length ? kept : Buffer.from(kept));
    this.#tailBytes += Math.min(chunk.length, this.#eachEnd);
    this.leftOut += Math.max(0, chunk.length - this.#eachEnd);
    for (let oldest = this.#tail[this.#first]; oldest; oldest = this.#tail[this.#first]) {
      if (this.#tailBytes - oldest.length < this.#eachEnd) break;
      this.#tailBytes -= oldest.length;
      this.leftOut += oldest.length;
      this.#first++;
    }
    if (this.#first > 1024) {
      this.#tail = this.#tail.slice(this.#first);
      this.#first = 0;
    }
  }

  /** What is kept, with a line that says what is missing. */
  text(): string {
    const tail = this.#tail.slice(this.#first);
    if (this.leftOut === 0) return Buffer.concat([...this.#head, ...tail]).toString('utf8');
    const gap = Buffer.from(`\n[... ${this.leftOut} bytes left out ...]\n`);
    return Buffer.concat([...this.#head, gap, ...tail]).toString('utf8');
  }
}

function joinSmall(chunks: Buffer[], chunk: Buffer): void {
  const last = chunks.at(-1);
  if (last && last.length + chunk.length <= SMALL) chunks[chunks.length - 1] = Buffer.concat([last, chunk]);
  else chunks.push(chunk);
}
