import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A request's body, with the keys that are read here. */
interface Json {
  readonly [key: string]: unknown;
  readonly Options?: Readonly<Record<string, string>>;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** What `docker stack deploy` created. */
export interface Deployed {
  readonly services: readonly Json[];
  readonly networks: readonly Json[];
}

/**
 * An engine's API, as far as `docker stack deploy` needs it: nothing exists but what a stack declares as external. Any
 * other request is an error.
 */
class Recorder {
  readonly services: Json[] = [];
  readonly networks: Json[] = [];
  readonly strange: string[] = [];

  answer(method: string, path: string, query: URLSearchParams, body: Json): unknown {
    const names = Object.keys((JSON.parse(query.get('filters') ?? '{}') as { name?: object }).name ?? {});
    const named = names.map((name) => ({ ID: `id-${name}`, Spec: { Name: name, Labels: {} }, Version: { Index: 1 } }));
    switch (`${method} ${path}`) {
      case 'GET /info':
        return { Swarm: { LocalNodeState: 'active', ControlAvailable: true, NodeID: 'n1' } };
      case 'GET /version':
        return { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24', Os: 'linux', Arch: 'amd64' };
      case 'GET /services':
      case 'GET /networks':
        return [];
      case 'GET /secrets':
      case 'GET /configs':
        return named;
      case 'POST /secrets/create':
      case 'POST /configs/create':
        return { ID: `id-${String(body['Name'])}` };
      case 'POST /networks/create':
        this.networks.push(body);
        return { Id: body['Name'], Warning: '' };
      case 'POST /services/create':
        this.services.push(body);
        return { ID: `id-${String(body['Name'])}` };
      default: {
        const network = /^\/networks\/([^/]+)$/.exec(path)?.[1];
        if (method === 'GET' && network !== undefined)
          return { Id: network, Name: network, Scope: 'swarm', Driver: 'overlay' };
        this.strange.push(`${method} ${path}`);
        return undefined;
      }
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<Json> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
}

async function serve(recorder: Recorder, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  const path = url.pathname.replace(/^\/v[\d.]+/, '');
  const body = await bodyOf(request);
  response.setHeader('Api-Version', '1.50').setHeader('Ostype', 'linux').setHeader('Swarm', 'active/manager');
  if (path === '/_ping') return void response.end('OK');
  const answer = recorder.answer(request.method ?? '', path, url.searchParams, body);
  response.statusCode = answer === undefined ? 501 : request.method === 'POST' ? 201 : 200;
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer ?? { message: 'not known' }));
}

/** Deploys a Compose file with the real client against a recording engine. */
export async function deploy(
  stack: string,
  compose: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Deployed> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-deploy-'));
  const file = join(folder, 'stack.yml');
  const socket = join(folder, 'engine.sock');
  writeFileSync(file, compose);
  const recorder = new Recorder();
  const server = createServer((request, response) => void serve(recorder, request, response)).listen(socket);
  await once(server, 'listening');
  try {
    const argv = ['--host', `unix://${socket}`, 'stack', 'deploy', '--detach=true', '--resolve-image', 'never'];
    await promisify(execFile)('docker', [...argv, '-c', file, stack], { env: { PATH: process.env['PATH'], ...env } });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  if (recorder.strange.length > 0) throw new Error(`the client asked for ${recorder.strange.join(', ')}`);
  return { services: recorder.services.toSorted(byName), networks: recorder.networks.toSorted(byName) };
}

function byName(one: Json, other: Json): number {
  return String(one['Name']).localeCompare(String(other['Name']));
}
