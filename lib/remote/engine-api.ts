import type Docker from 'dockerode';
import type { ContainerLogsOptions } from 'dockerode';

/** Requests for which dockerode has no method, or which it sends in another form than the Engine API expects. */

/** Passed to the registry by nodes that pull. Source: the Engine API, X-Registry-Auth. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress?: string;
}

export interface ServiceUpdate {
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: object;
  readonly auth?: RegistryAuth | undefined;
}

/**
 * POST /services/create. Without credentials dockerode would take the first argument for them, and send the
 * specification in a header.
 */
export function createService(docker: Docker, body: object, auth: RegistryAuth | undefined): Promise<unknown> {
  return docker.createService(auth ?? {}, body);
}

/**
 * POST /services/{id}/update. `_query` and `_body` keep the specification, which may contain secrets, out of the URL.
 */
export function updateService(docker: Docker, id: string, { query, body, auth }: ServiceUpdate): Promise<unknown> {
  return docker.getService(id).update({ _query: query, _body: body, ...(auth ? { authconfig: auth } : {}) });
}

/** GET /networks/{name}?scope=swarm; dockerode's types lack the scope. */
export function inspectSwarmNetwork(docker: Docker, name: string): Promise<{ readonly Id: string }> {
  const query: object = { scope: 'swarm' };
  const network: { inspect(query: object): Promise<{ readonly Id: string }> } = docker.getNetwork(name);
  return network.inspect(query);
}

export interface LogQuery {
  readonly follow: boolean;
  /** Lines of each task; undefined for all. */
  readonly tail: number | undefined;
  /** Seconds since 1970; undefined for all. */
  readonly since: number | undefined;
  readonly signal: AbortSignal;
}

/** GET /services/{id}/logs */
export function serviceLogs(docker: Docker, id: string, query: LogQuery): Promise<NodeJS.ReadableStream> {
  return docker.getService(id).logs(asStream(query));
}

/** GET /tasks/{id}/logs, which is missing in dockerode's types. */
export function taskLogs(docker: Docker, id: string, query: LogQuery): Promise<NodeJS.ReadableStream> {
  const task: object = docker.getTask(id);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- dockerode has had it since 2.5
  const { logs } = task as Pick<Docker.Service, 'logs'>;
  return logs.call(task, asStream(query));
}

/** `follow` makes dockerode return the answer as a stream; the engine gets `_query`. */
function asStream({ follow, tail, since, signal }: LogQuery): ContainerLogsOptions {
  const query = { stdout: true, stderr: true, details: true, timestamps: true, tail: tail ?? 'all', follow };
  const more = { _query: { ...query, ...(since === undefined ? {} : { since }) } };
  return { follow: true, abortSignal: signal, ...more };
}

/** GET /swarm/unlockkey. @returns empty while autolock is off */
export async function unlockKey(docker: Docker): Promise<string> {
  const answer = await request(docker, { path: '/swarm/unlockkey', method: 'GET' });
  return typeof answer === 'object' && answer !== null && 'UnlockKey' in answer ? String(answer.UnlockKey) : '';
}

/** POST /swarm/unlock */
export async function unlock(docker: Docker, key: string): Promise<void> {
  await request(docker, { path: '/swarm/unlock', method: 'POST', options: { UnlockKey: key } });
}

interface Request {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly options?: object;
}

function request({ modem }: Docker, wanted: Request): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown, data: unknown) => {
      if (error === null || error === undefined) resolve(data);
      else reject(error instanceof Error ? error : new Error(`${wanted.path} failed`, { cause: error }));
    };
    modem.dial({ ...wanted, statusCodes: { 200: true } }, done);
  });
}

export interface OneRun {
  readonly image: string;
  /** VOLUME:PATH. */
  readonly binds: readonly string[];
}

/** Runs a container that ends by itself, without a network, and removes it. @returns its output on both streams */
export async function runOnce(docker: Docker, { image, binds }: OneRun): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    HostConfig: { Binds: [...binds], NetworkMode: 'none', LogConfig: { Type: 'json-file', Config: {} } },
  });
  try {
    await container.start();
    await container.wait();
    return plainText(await container.logs({ stdout: true, stderr: true }));
  } finally {
    await container.remove({ force: true });
  }
}

/**
 * The text without the eight-byte header of each frame, whose last four bytes are the frame's length. Source: the
 * Engine API, ContainerAttach.
 */
function plainText(framed: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length;) {
    const end = at + 8 + framed.readUInt32BE(at + 4);
    pieces.push(framed.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString('utf8');
}
