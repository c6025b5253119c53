import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { EngineSocket, type Answer } from './engine-socket.ts';

/** A request that changes something. */
export interface Recorded {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** From X-Registry-Auth, decoded. */
  readonly auth: unknown;
}

interface Created {
  readonly ID: string;
  readonly Spec: Readonly<Record<string, unknown>> & { readonly Name: string };
}

const DIGEST = `sha256:${'a'.repeat(64)}`;
const missing = (what: string): Answer => ({ status: 404, body: { message: `${what} not found` } });
const ok = (body: unknown, status = 200): Answer => ({ status, body });

/**
 * An Engine API on a UNIX socket, as a manager answers `docker stack deploy`, that records what it is asked to make. It
 * is strict: a request that it doesn't know is answered with an error and kept in `unexpected`.
 */
export class RecordingManager {
  readonly recorded: Recorded[] = [];
  readonly unexpected: string[] = [];
  /** What the swarm has before a deployment. */
  readonly networks: { readonly Name: string; readonly Id: string; readonly Scope: string }[] = [];
  readonly secrets: Created[] = [];
  readonly configs: Created[] = [];
  readonly services: Created[] = [];
  isManager = true;
  /** What the engine refuses, by method and path: its words. */
  readonly refused = new Map<string, string>();
  readonly #socket = new EngineSocket((request, path, query) => this.#answer(request, path, query));

  get socket(): string {
    return this.#socket.path;
  }

  listen(): Promise<void> {
    return this.#socket.listen();
  }

  close(): Promise<void> {
    return this.#socket.close();
  }

  /** Forgets everything. */
  reset(): void {
    for (const list of [this.recorded, this.unexpected, this.networks, this.secrets, this.configs, this.services])
      list.length = 0;
    this.refused.clear();
    this.isManager = true;
  }

  /** The bodies of requests to a path. */
  bodies(path: string): readonly Readonly<Record<string, unknown>>[] {
    return this.recorded.filter((one) => one.path === path).map(({ body }) => body);
  }

  async #answer(request: IncomingMessage, path: string, query: URLSearchParams): Promise<Answer> {
    const words = this.refused.get(`${request.method} ${path}`);
    if (words !== undefined) return { status: 400, body: { message: words } };
    if (request.method === 'POST') {
      const body = (await json(request)) as Readonly<Record<string, unknown>>;
      const header = request.headers['x-registry-auth'];
      const auth: unknown =
        typeof header === 'string' ? JSON.parse(Buffer.from(header, 'base64url').toString()) : undefined;
      this.recorded.push({ path, query: Object.fromEntries(query), body, auth });
      return this.#make(path, body);
    }
    return this.#tell(path, query);
  }

  #make(path: string, body: Readonly<Record<string, unknown>>): Answer {
    const name = String(body['Name']);
    const [, kind, action] = path.split('/');
    if (path === '/networks/create') {
      this.networks.push({ Name: name, Id: `id-of-${name}`, Scope: 'swarm' });
      return ok({ Id: `id-of-${name}`, Warning: '' }, 201);
    }
    if (action === 'create' && (kind === 'secrets' || kind === 'configs' || kind === 'services')) {
      this[kind].push({ ID: `id-of-${name}`, Spec: { ...body, Name: name } });
      return ok({ ID: `id-of-${name}` }, 201);
    }
    if (/^\/services\/[^/]+\/update$/.test(path)) return ok({ Warnings: null });
    return this.#unknown(`POST ${path}`);
  }

  #tell(path: string, query: URLSearchParams): Answer {
    const [, kind, name = ''] = path.split('/').map(decodeURIComponent);
    if (path === '/_ping') return ok('OK');
    if (path === '/info')
      return ok({ Swarm: { LocalNodeState: 'active', NodeID: 'n1', ControlAvailable: this.isManager } });
    if (/^\/distribution\/.+\/json$/.test(path))
      return ok({
        Descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: DIGEST, size: 1 },
        Platforms: [{ architecture: 'amd64', os: 'linux' }],
      });
    // Of the stack's own networks: none yet.
    if (path === '/networks') return ok([]);
    if (kind === 'networks') {
      const found = this.networks.find((one) => one.Name === name);
      return found ? ok(found) : missing(`network ${name}`);
    }
    if (path === '/services') return ok(this.services.map((one) => ({ ...one, Version: { Index: 7 } })));
    if (kind === 'secrets' || kind === 'configs') {
      const filters = JSON.parse(query.get('filters') ?? '{}') as { readonly name?: Readonly<Record<string, true>> };
      if (name === '') return ok(this[kind].filter(({ Spec }) => filters.name?.[Spec.Name]));
      const found = this[kind].find(({ Spec }) => Spec.Name === name);
      return found ? ok({ ...found, Version: { Index: 1 } }) : missing(`${kind} ${name}`);
    }
    return this.#unknown(`GET ${path}`);
  }

  #unknown(what: string): Answer {
    this.unexpected.push(what);
    return { status: 500, body: { message: `unexpected request: ${what}` } };
  }
}
