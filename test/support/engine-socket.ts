import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The version of the API that Docker's client 28.2.2 speaks. */
const API = '1.50';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The Engine API of a manager on a UNIX socket, for Docker's client; what it answers is the caller's. */
export class EngineSocket {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'swarmup-engine-'));
  readonly path: string = join(this.folder, 'docker.sock');
  readonly #server: Server;

  constructor(answer: (request: IncomingMessage, path: string, query: URLSearchParams) => Promise<Answer>) {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
      answer(request, pathname.replace(/^\/v[\d.]+/, ''), searchParams).then(
        ({ status, body }) => {
          response.writeHead(status, {
            'content-type': 'application/json',
            'api-version': API,
            'docker-experimental': 'false',
            ostype: 'linux',
            swarm: 'active/manager',
          });
          response.end(request.method === 'HEAD' ? '' : JSON.stringify(body));
        },
        (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.path, done));
  }

  async close(): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }
}
