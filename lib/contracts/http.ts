import type { Duplex } from 'node:stream';
import type { SshEndpoint } from './endpoint.ts';

export interface HttpRequest {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** HTTPS instead of HTTP. */
  readonly tls?: TlsTrust;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The SSH server to go through. */
  readonly via?: SshEndpoint;
  /** Makes the connection, which host and port only name then. */
  readonly connect?: (signal: AbortSignal) => Promise<Duplex>;
}

/** Whose certificate is accepted. */
export interface TlsTrust {
  /** The name in the certificate, also sent to the server (SNI); default: the host of the request. */
  readonly servername?: string;
  /** The certificates to trust, in PEM; default: those that come with Node.js. */
  readonly ca?: string;
  /** Any certificate. */
  readonly insecure: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** HTTP from this computer, as a user's browser would send it. Each request has its own connection. */
export interface HttpClient {
  /** @throws Error when there is no complete answer in time */
  ask(request: HttpRequest): Promise<HttpAnswer>;
}
