/** The bytes of a stream whose type doesn't say what it yields. */
export async function* bytes(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) if (chunk instanceof Uint8Array) yield chunk;
}

/** More than the description of any swarm, in bytes. */
const LARGEST = 256 * 2 ** 20;

/** @throws Error for a text that is larger than any that is expected */
export async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes(stream)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST) throw new Error('one of its texts is larger than any that swarmup writes');
  }
  return Buffer.concat(chunks).toString();
}

/** A stream in the form that age accepts. */
export function webStream(source: AsyncIterable<unknown>): ReadableStream<Uint8Array> {
  const chunks = bytes(source);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await chunks.return(undefined)),
  });
}
