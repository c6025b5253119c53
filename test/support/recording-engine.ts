import { createServer, type IncomingMessage, type Server } from 'node:http';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const API = '1.50';

/** The release of Docker's client whose requests are compared; undefined when no client is installed. */
export const clientVersion = ((): string | undefined => {
  try {
    return /version (\d+)/.exec(execFileSync('docker', ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1];
  } catch {
    return undefined;
  }
})();

/** What a client asked an engine to create. */
export interface Recorded {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The ID of an object in the recording engine. */
export const idOf = (name: string): string => `id-of-${name}`;

/**
 * An Engine API without an engine: it answers the questions that Docker's client asks before it creates something, and
 * keeps what it is asked to create. Anything else is an error.
 */
export class RecordingEngine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'swarmup-recording-'));
  readonly #server: Server;
  #recorded: Recorded[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      answer(request, (one) => this.#recorded.push(one)).then(
        ({ status, json }) => {
          response.writeHead(status, { 'Content-Type': 'application/json', 'Api-Version': API, Ostype: 'linux' });
          response.end(JSON.stringify(json));
        },
        (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#socket, done));
  }

  async stop(): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }

  /** The request that a docker command makes. @param cwd where it reads files */
  async record(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Recorded> {
    this.#recorded = [];
    const { PATH = '' } = process.env;
    await run('docker', ['--host', `unix://${this.#socket}`, ...argv], {
      cwd,
      env: { PATH, HOME: this.#folder, ...env },
    });
    const [one, ...more] = this.#recorded;
    if (!one || more.length > 0) throw new Error(`docker ${argv.join(' ')} created ${more.length + 1} things`);
    return one;
  }

  get #socket(): string {
    return join(this.#folder, 'docker.sock');
  }
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

async function answer(request: IncomingMessage, record: (one: Recorded) => void): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://engine');
  const path = url.pathname.replace(`/v${API}`, '');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (path === '/_ping') return { status: 200, json: 'OK' };
  if (request.method === 'POST' && ['/services/create', '/networks/create', '/swarm/init'].includes(path)) {
    record({ path, body: JSON.parse(Buffer.concat(chunks).toString()) as Recorded['body'] });
    return path === '/swarm/init' ? { status: 200, json: 'node' } : { status: 201, json: { ID: 'new', Id: 'new' } };
  }
  if (request.method === 'GET') {
    const found = read(path, url.searchParams);
    if (found !== undefined) return { status: 200, json: found };
  }
  return { status: 501, json: { message: `the recording engine doesn't answer ${request.method} ${path}` } };
}

/** What the client looks up before or after: the objects that a command names, and the swarm that it made. */
function read(path: string, query: URLSearchParams): unknown {
  const [, kind, name = ''] = path.split('/');
  if (kind === 'networks' && query.get('scope') === 'swarm') return { Id: idOf(name), Name: name, Scope: 'swarm' };
  if (kind === 'secrets' || kind === 'configs') {
    const filters = JSON.parse(query.get('filters') ?? '{}') as { name?: Record<string, true> };
    return Object.keys(filters.name ?? {}).map((each) => ({ ID: idOf(each), Spec: { Name: each } }));
  }
  if (path === '/info') return { Swarm: { RemoteManagers: [{ NodeID: 'node', Addr: '10.0.0.1:2377' }] } };
  if (path === '/swarm') return { ID: 'swarm', JoinTokens: { Worker: 'SWMTKN-w', Manager: 'SWMTKN-m' } };
  if (path === '/swarm/unlockkey') return { UnlockKey: 'SWMKEY-1-key' };
  if (path === '/nodes/node')
    return { ID: 'node', Spec: { Role: 'manager' }, ManagerStatus: { Addr: '10.0.0.1:2377' } };
  return undefined;
}
