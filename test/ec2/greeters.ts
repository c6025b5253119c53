import { createServer, type Server } from 'node:net';
import { generateKeyPair } from '../../lib/remote/keys.ts';
import type { Instance, MachinePark } from './account.ts';

/** Stands for machines in tests of the EC2 API alone: port 22 sends a greeting, and the console shows a host key. */
export class Greeters implements MachinePark {
  readonly #servers = new Map<string, Server>();
  readonly #keys = new Map<string, string>();
  /** How many times the console is read before cloud-init has printed the host keys. */
  earlyLooks = 1;
  readonly #looks = new Map<string, number>();

  async boot(instance: Instance): Promise<void> {
    this.#keys.set(instance.id, generateKeyPair(instance.node).publicKey);
    await this.start(instance);
  }

  async start({ id, publicAddress }: Instance): Promise<void> {
    const server = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-greeter\r\n'));
    this.#servers.set(id, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(22, publicAddress, resolve);
    });
  }

  async stop({ id }: Instance): Promise<void> {
    const server = this.#servers.get(id);
    this.#servers.delete(id);
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  terminate(instance: Instance): Promise<void> {
    return this.stop(instance);
  }

  console({ id }: Instance): Promise<string> {
    const looks = (this.#looks.get(id) ?? 0) + 1;
    this.#looks.set(id, looks);
    const start = 'Linux version 6.1\r\n[    0.000000] ssh-ed25519 AAAAnotThisOne of a log line\r\n';
    if (looks <= this.earlyLooks) return Promise.resolve(start);
    const keys = `ecdsa-sha2-nistp256 AAAAE2VjZHNh= root@host\r\n${this.#keys.get(id)}\r\n`;
    return Promise.resolve(
      `${start}-----BEGIN SSH HOST KEY KEYS-----\r\n${keys}-----END SSH HOST KEY KEYS-----\r\nlogin: `,
    );
  }

  async close(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
