import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import { expect, it, vi } from 'vitest';
import { openedInTime, Ssh2Transport } from '../../lib/remote/transport.ts';

it('a command’s output and exit code are seen, though they arrive together with the consent to start it', async () => {
  const channel = Object.assign(new PassThrough(), {
    stderr: new PassThrough(),
    signal: () => undefined,
    close: () => undefined,
  });
  const client = Object.assign(new EventEmitter(), {
    exec: (_command: string, opened: (error: undefined, channel: unknown) => void) => {
      // As ssh2 does for messages of one packet: no other code of the program runs in between.
      opened(undefined, channel);
      channel.emit('exit', 7);
    },
  });
  const transport = new Ssh2Transport({ connection: client, isConnected: () => true } as unknown as NodeSSH);
  const codes: number[] = [];
  await transport.exec('true', (opened) => void opened.on('exit', (code: number) => codes.push(code)));
  expect(codes).toEqual([7]);
});

it('a connection that the server never opens is an error, and is closed if it opens too late', async () => {
  const { promise, resolve } = Promise.withResolvers<PassThrough>();
  await expect(openedInTime(promise, 20)).rejects.toThrow('no answer within');
  const late = new PassThrough();
  resolve(late);
  await vi.waitFor(() => expect(late.destroyed).toBe(true));
  const soon = new PassThrough();
  expect(await openedInTime(Promise.resolve(soon), 20)).toBe(soon);
});
