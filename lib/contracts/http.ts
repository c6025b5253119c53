import type { SshEndpoint } from './endpoint.ts';

export interface HttpRequest {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The SSH server to go through. */
  readonly via?: SshEndpoint;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** HTTP from this machine, as a user's browser would ask. Each request has a connection of its own. */
export interface HttpClient {
  /** @throws Error when there is no whole answer within the time */
  ask(request: HttpRequest): Promise<HttpAnswer>;
}
