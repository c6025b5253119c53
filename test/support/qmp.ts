import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

export interface FakeQmp {
  /** The commands so far, without qmp_capabilities. */
  readonly asked: readonly string[];
  readonly server: Server;
}

/** A QMP server that answers each command with what a function returns for it; a thrown error is QEMU's own. */
export async function fakeQmp(path: string, answer: (command: string) => unknown): Promise<FakeQmp> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify({ QMP: {} })}\n`);
    createInterface({ input: socket }).on('line', (line) => {
      const { execute }: { execute: string } = JSON.parse(line);
      if (execute !== 'qmp_capabilities') asked.push(execute);
      try {
        const value = execute === 'qmp_capabilities' ? {} : (answer(execute) ?? {});
        socket.write(`${JSON.stringify({ return: value })}\n`);
      } catch (error) {
        socket.write(`${JSON.stringify({ error: { desc: String(error) } })}\n`);
      }
    });
  });
  mkdirSync(dirname(path), { recursive: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return { asked, server };
}
