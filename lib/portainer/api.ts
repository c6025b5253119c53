import { z } from 'zod';
import { hasCode, messageOf, SwarmupError } from '../util/errors.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../contracts/http.ts';
import { parseAs } from '../util/parse-json.ts';
import { Secret } from '../util/secret.ts';

const REQUEST_MS = 20_000;
const AGENT_URL = 'tcp://tasks.agent:9001';
/** `EndpointCreationType` of an environment reached through agents. Source: Portainer's HTTP API, POST /endpoints. */
const AGENT_ENVIRONMENT = '2';

const authSchema = z.object({ jwt: z.string() });
const endpointSchema = z.array(z.object({ Id: z.number(), Name: z.string(), URL: z.string().default('') }));
const userSchema = z.object({ Id: z.number() });
const agentsSchema = z.array(z.object({ NodeName: z.string() }));

export interface Environment {
  readonly id: number;
  readonly name: string;
}

/** Where Portainer answers. The connection is made inside an SSH connection: its API is plain HTTP. */
export type PortainerAddress = Required<Pick<HttpRequest, 'host' | 'port' | 'connect'>>;

export type SignIn = { readonly token: Secret } | { readonly refused: string } | { readonly notYet: string };

/** The part of Portainer's HTTP API for its set-up and its administrator's password. */
export class Portainer {
  readonly #http: HttpClient;
  readonly #address: PortainerAddress;
  readonly #signal: AbortSignal;

  constructor(http: HttpClient, address: PortainerAddress, signal: AbortSignal) {
    this.#http = http;
    this.#address = address;
    this.#signal = signal;
  }

  /** Signs the administrator in. `notYet` for an answer that may still change. */
  async signIn(password: Secret): Promise<SignIn> {
    let answer: HttpAnswer;
    try {
      answer = await this.#ask('POST', '/api/auth', {
        body: JSON.stringify({ username: 'admin', password: password.reveal() }),
        type: 'application/json',
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      // The host doesn't let anyone in this way, however long we wait.
      if (error instanceof Error && hasCode(error.cause, 'SSH_FORWARDING_REFUSED')) throw error.cause;
      return { notYet: messageOf(error) };
    }
    if (answer.status === 200) return { token: new Secret(read(authSchema, 'POST /api/auth', answer).jwt) };
    if (answer.status === 303 && answer.headers['redirect-reason'] === 'AdminInitTimeout') {
      return {
        refused: 'it stopped waiting for its first set-up, because no administrator was created within five minutes',
      };
    }
    if (answer.status === 422 || answer.status === 401 || answer.status === 403)
      return { refused: `it does not accept the administrator's password (HTTP ${answer.status})` };
    return { notYet: `HTTP ${answer.status} ${answer.body.slice(0, 200)}` };
  }

  /** Changes the password of the signed-in user. Source: Portainer's HTTP API, PUT /users/{id}/passwd. */
  async changePassword(token: Secret, from: Secret, to: Secret): Promise<void> {
    const { Id } = await this.#get(userSchema, '/api/users/me', token);
    await this.#authorised('PUT', `/api/users/${Id}/passwd`, token, {
      body: JSON.stringify({ password: from.reveal(), newPassword: to.reveal() }),
      type: 'application/json',
    });
  }

  async environments(token: Secret): Promise<readonly Environment[]> {
    const found = await this.#get(endpointSchema, '/api/endpoints', token);
    return found.map((one) => ({ id: one.Id, name: one.Name }));
  }

  /** Adds the swarm's environment, reached through the agents. Portainer expects a form here, not JSON. */
  async addEnvironment(token: Secret): Promise<void> {
    const boundary = 'swarmup-form-boundary';
    const fields = {
      Name: 'primary',
      EndpointCreationType: AGENT_ENVIRONMENT,
      URL: AGENT_URL,
      TLS: 'true',
      TLSSkipVerify: 'true',
      TLSSkipClientVerify: 'true',
    };
    const parts = Object.entries(fields).map(
      ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    await this.#authorised('POST', '/api/endpoints', token, {
      body: `${parts.join('')}--${boundary}--\r\n`,
      type: `multipart/form-data; boundary=${boundary}`,
    });
  }

  /** The nodes whose agents the environment sees. Source: the agent's API, GET /agents (version 2), through Portainer's proxy. */
  async agents(token: Secret, environment: Environment): Promise<readonly string[]> {
    const found = await this.#get(agentsSchema, `/api/endpoints/${environment.id}/docker/v2/agents`, token);
    return found.map((agent) => agent.NodeName);
  }

  async #get<T>(schema: z.ZodType<T>, path: string, token: Secret): Promise<T> {
    return read(schema, `GET ${path}`, await this.#authorised('GET', path, token));
  }

  async #authorised(
    method: string,
    path: string,
    token: Secret,
    content?: { body: string; type: string },
  ): Promise<HttpAnswer> {
    const answer = await this.#ask(method, path, content, { authorization: `Bearer ${token.reveal()}` });
    if (answer.status >= 300) throw unexpected(`${method} ${path}`, answer);
    return answer;
  }

  #ask(
    method: string,
    path: string,
    content?: { body: string; type: string },
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    return this.#http.ask({
      ...this.#address,
      method,
      path,
      headers: { ...headers, ...(content ? { 'content-type': content.type } : {}) },
      ...(content ? { body: content.body } : {}),
      timeoutMs: REQUEST_MS,
      signal: this.#signal,
    });
  }
}

/** Another program may answer on Portainer's port. */
function read<T>(schema: z.ZodType<T>, request: string, answer: HttpAnswer): T {
  const value = parseAs(schema, answer.body);
  if (value === undefined) throw unexpected(request, answer);
  return value;
}

function unexpected(request: string, { status, body }: HttpAnswer): SwarmupError {
  return new SwarmupError(
    'PORTAINER_FAILED',
    `Portainer answers ${request} with HTTP ${status}: ${body.slice(0, 300)}`,
    { fix: "Its log may say why: 'swarmup logs SERVICE'; 'swarmup status' names the service." },
  );
}
