import { request, type RequestOptions } from 'node:http';
import { PassThrough, type Duplex } from 'node:stream';
import { messageOf } from '../util/errors.ts';
import type { Endpoint, SshEndpoint } from '../contracts/endpoint.ts';
import type { HttpRequest, HttpClient } from '../contracts/http.ts';

/** A new connection for each request, directly or through a bastion. */
function connectionOf({ via, host, port }: HttpRequest, dial: Dial, signal: AbortSignal): RequestOptions {
  if (!via) return { agent: false, family: 4 };
  return {
    createConnection: (_options, done) => {
      const connect = async () => {
        try {
          done(null, await dial(via, { host, port }, signal));
        } catch (error) {
          // After a failure no one owns the connection, so it is closed.
          done(error instanceof Error ? error : new Error(messageOf(error)), new PassThrough());
        }
      };
      void connect();
      return undefined;
    },
  };
}

/** How many bytes of a body are kept; the rest is read and dropped. */
const MAX_BODY = 1_000_000;

/** How a connection is made through a bastion. */
export type Dial = (via: SshEndpoint, to: Endpoint, signal: AbortSignal) => Promise<Duplex>;

const noBastion: Dial = () => Promise.reject(new Error('connections through a bastion are not available here'));

export const httpClient = (dial: Dial = noBastion): HttpClient => ({
  ask: (options) =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
      const fail = (error: unknown) => {
        const late = signal.aborted && !options.signal.aborted;
        reject(
          new Error(late ? `no complete answer within ${options.timeoutMs / 1000} s` : messageOf(error), {
            cause: error,
          }),
        );
      };
      // A new connection each: the routing mesh balances connections, not requests.
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
          ...connectionOf(options, dial, signal),
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
});
