import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { messageOf } from '../util/errors.ts';
import type { Endpoint, SshEndpoint } from '../contracts/endpoint.ts';
import type { HttpRequest, HttpClient } from '../contracts/http.ts';

/** A new connection for each request, directly or inside an SSH connection. */
function connectionOf(wanted: HttpRequest, dial: Dial, signal: AbortSignal): RequestOptions {
  const { via, host, port } = wanted;
  const tls = tlsOptions(wanted);
  const open = wanted.connect ?? (via && ((until: AbortSignal) => dial(via, { host, port }, until)));
  if (!open) return { agent: false, family: 4, ...tls };
  return {
    createConnection: (_options, done) => {
      const connect = async () => {
        try {
          const raw = await open(signal);
          done(null, tls ? tlsConnect({ ...tls, host, socket: raw }) : raw);
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

/** An empty server name sends none, and the certificate has to be that of the address. */
function tlsOptions({ tls, host }: HttpRequest): ConnectionOptions | undefined {
  if (!tls) return undefined;
  const { servername = host, ca, insecure } = tls;
  return {
    servername: isIP(servername) ? '' : servername,
    // Only where the cluster file says so, which every run reports.
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
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
      const outgoing = (options.tls ? httpsRequest : httpRequest)(
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
        (response: IncomingMessage) => {
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
