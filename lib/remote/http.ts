import { request } from 'node:http';
import { messageOf } from '../errors.ts';

export interface HttpRequest {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
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

/** The bytes of a body that are kept; the rest is read and dropped. */
const MAX_BODY = 1_000_000;

export const httpClient: HttpClient = {
  ask: (options) =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
      const fail = (error: unknown) => {
        const late = signal.aborted && !options.signal.aborted;
        reject(
          new Error(late ? `no whole answer within ${options.timeoutMs / 1000} s` : messageOf(error), { cause: error }),
        );
      };
      // A connection of its own: the routing mesh balances connections, not requests.
      const outgoing = request(
        {
          host: options.host,
          port: options.port,
          path: options.path,
          method: options.method ?? 'GET',
          headers: {
            ...options.headers,
            ...(options.body === undefined ? {} : { 'content-length': Buffer.byteLength(options.body) }),
          },
          agent: false,
          family: 4,
          signal,
        },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (body.length < MAX_BODY ? (body += chunk) : undefined));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
          response.on('error', fail);
        },
      );
      outgoing.on('error', fail);
      outgoing.end(options.body);
    }),
};
