import { execFile, execFileSync } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { EngineSocket, type Answer } from './engine-socket.ts';

const run = promisify(execFile);

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
  #recorded: Recorded[] = [];
  readonly #socket = new EngineSocket((request, path, query) =>
    answer(request, { path, query, record: (one) => this.#recorded.push(one) }),
  );

  start(): Promise<void> {
    return this.#socket.listen();
  }

  stop(): Promise<void> {
    return this.#socket.close();
  }

  /** The request that a docker command makes. @param cwd where it reads files */
  async record(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Recorded> {
    this.#recorded = [];
    const { PATH = '' } = process.env;
    await run('docker', ['--host', `unix://${this.#socket.path}`, ...argv], {
      cwd,
      env: { PATH, HOME: this.#socket.folder, ...env },
    });
    const [one, ...more] = this.#recorded;
    if (!one || more.length > 0) throw new Error(`docker ${argv.join(' ')} created ${more.length + 1} things`);
    return one;
  }
}

interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly record: (one: Recorded) => void;
}

async function answer(request: IncomingMessage, { path, query, record }: Question): Promise<Answer> {
  if (path === '/_ping') return { status: 200, body: 'OK' };
  if (request.method === 'POST' && ['/services/create', '/networks/create', '/swarm/init'].includes(path)) {
    record({ path, body: (await json(request)) as Recorded['body'] });
    return path === '/swarm/init' ? { status: 200, body: 'node' } : { status: 201, body: { ID: 'new', Id: 'new' } };
  }
  if (request.method === 'GET') {
    const found = read(path, query);
    if (found !== undefined) return { status: 200, body: found };
  }
  return { status: 501, body: { message: `the recording engine doesn't answer ${request.method} ${path}` } };
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
