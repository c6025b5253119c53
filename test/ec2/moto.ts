import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { debianRoot } from '../support/debian-root.ts';
import { IMAGES } from './images.ts';

/** Debian 13 packages moto; on an older Debian it runs in a chroot. */
const PACKAGES = ['python3-moto', 'python3-flask', 'python3-flask-cors'];
const AMIS = '/root/amis.json';

/** moto's server: an EC2 in memory. Only test/ec2/front.ts talks to it. */
export class Moto {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(): Promise<Moto> {
    const root = await chroot();
    const port = await freePort();
    const child = spawn('chroot', [root, 'moto_server', '-H', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', MOTO_AMIS_PATH: AMIS, PYTHONDONTWRITEBYTECODE: '1' },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    const url = `http://127.0.0.1:${port}`;
    const deadline = Date.now() + 120_000;
    while (!(await answers(url))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`moto doesn't start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return new Moto(url, child);
  }

  /** An empty account. */
  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: 'POST' });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/moto-api/data.json`).then(
    (response) => response.ok,
    () => false,
  );
}

/** The folder with Debian and moto, created once. */
export function chroot(): Promise<string> {
  return debianRoot('moto', { packages: PACKAGES, files: { [AMIS]: JSON.stringify(IMAGES) } });
}

/** A free port. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
