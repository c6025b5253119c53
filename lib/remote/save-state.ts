import { createWriteStream } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Clock } from '../async/clock.ts';
import { waitUntil } from '../async/wait-until.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { removeOwn } from '../util/remove.ts';
import { qmp } from './qmp.ts';

export interface SaveState {
  readonly qmpSocket: string;
  /** A path in a private folder, for the UNIX socket that the state comes through. */
  readonly transferSocket: string;
  /** The file to write, with mode 0600. It must not exist. */
  readonly file: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What to do when the state can't be saved. */
  readonly fix: string;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
}

const DEADLINE_MS = 300_000;

/**
 * Pauses a machine and writes the state of its memory and devices to a file. The machine stays paused.
 *
 * QEMU sends the state to a socket of ours rather than to a command (`exec:`), so that its sandbox may forbid commands.
 * Source: QEMU, docs/devel/migration.
 *
 * @throws SwarmupError MACHINE_FAILED when QEMU can't save it, TIMED_OUT
 */
export async function saveState(save: SaveState): Promise<void> {
  const { qmpSocket, transferSocket, file, signal, fix } = save;
  const server = createServer();
  const received = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('connection', (socket) => {
      pipeline(socket, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal }).then(resolve, reject);
    });
  });
  const written = received.catch((cause: unknown) => {
    signal.throwIfAborted();
    const why = `the machine's state could not be written to ${file}: ${messageOf(cause)}`;
    throw new SwarmupError('MACHINE_FAILED', why, { fix, cause });
  });
  // When QEMU fails before it sends anything, this is nobody's.
  written.catch(() => undefined);
  try {
    await listening(server, transferSocket);
    await qmp(qmpSocket, [
      { execute: 'stop' },
      // A paused machine changes nothing meanwhile, so there is nothing to be gentle with.
      { execute: 'migrate-set-parameters', arguments: { 'max-bandwidth': 2 ** 40 } },
      { execute: 'migrate', arguments: { uri: `unix:${transferSocket}` } },
    ]);
    // A full disk is seen here first; QEMU would only say that its connection is broken.
    await Promise.all([completed(save), written]);
  } finally {
    server.close();
    await removeOwn(transferSocket);
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

const migration = z.object({
  status: z.string().default('none'),
  'error-desc': z.string().default(''),
  ram: z.object({ total: z.number(), remaining: z.number() }).optional(),
});

async function completed({ qmpSocket, clock, signal, onProgress, fix }: SaveState): Promise<void> {
  await waitUntil({
    until: 'the state of the machine is saved',
    probe: async () => {
      const [answer] = await qmp(qmpSocket, [{ execute: 'query-migrate' }]);
      const { status, ram, 'error-desc': problem } = migration.parse(answer);
      if (status === 'completed') return { done: undefined };
      if (status === 'failed' || status === 'cancelled')
        throw new SwarmupError(
          'MACHINE_FAILED',
          `QEMU could not save the machine's state: ${status} ${problem}`.trim(),
          {
            fix,
          },
        );
      if (ram) onProgress({ done: ram.total - ram.remaining, total: ram.total });
      return { seen: status };
    },
    deadlineMs: DEADLINE_MS,
    intervalMs: 50,
    signal,
    clock,
    fix,
  });
}
