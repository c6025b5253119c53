import { Agent, type ClientRequest, type ClientRequestArgs, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';

/** Idle channels kept open for the next request. */
const MAX_FREE = 4;
/** The maximum of concurrent requests per host: well under OpenSSH's default of 10 sessions per connection. */
const MAX_SOCKETS = 6;

/** The largest answer that is read as a whole, in bytes: thousands of tasks take some MB. */
const LARGEST = 64 * 2 ** 20;
/** Marks the options of requests whose answer is kept in memory. */
const WHOLE = Symbol('whole answer');

interface Builder {
  buildRequest: (options: object, context: { readonly isStream?: boolean }, ...rest: unknown[]) => void;
}

/** Limits the answers that docker-modem keeps in memory: those that it doesn't hand over as streams. */
export function boundAnswers(docker: Docker): Docker {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- private in its types, and called for every request
  const modem = docker.modem as unknown as Builder;
  const build = modem.buildRequest.bind(modem);
  modem.buildRequest = (options, context, ...rest) =>
    build(context.isStream === true ? options : { ...options, [WHOLE]: true }, context, ...rest);
  return docker;
}

/** Ends a request whose answer is too large. Its chunks are counted where they arrive, as reading them would start them. */
function bound(request: ClientRequest, response: IncomingMessage): void {
  let bytes = 0;
  const push = response.push.bind(response);
  response.push = (chunk: Buffer | null, encoding) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= LARGEST) return push(chunk, encoding);
    request.destroy(new Error(`its answer is larger than ${LARGEST / 2 ** 20} MiB`));
    return false;
  };
}

/** An HTTP agent whose connections are channels of an SSH connection. */
export class ChannelAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_FREE });
    this.#open = open;
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.#connect((error, stream) => {
      // eslint-disable-next-line typescript/no-non-null-assertion -- the type wants a stream always; with an error Node doesn't look at it
      callback?.(error, stream!);
    });
  }

  /** Node.js calls this for every request; it isn't in its types. Source: Node's lib/_http_agent.js. */
  addRequest(request: ClientRequest, options: object): void {
    if (WHOLE in options) request.once('response', (response) => bound(request, response));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    (Agent.prototype as unknown as { addRequest: (...values: unknown[]) => void }).addRequest.call(
      this,
      request,
      options,
    );
  }

  async #connect(done: (error: Error | null, stream?: Duplex) => void): Promise<void> {
    try {
      const stream = await this.#open();
      done(null, likeSocket(stream));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/**
 * Node's HTTP client calls these on every connection, but a channel has no such settings. It also expects two things
 * that an ssh2 channel doesn't do, and without which it waits for connections that are gone:
 *
 * - A destroyed connection closes. A channel closes only after it has been read to its end, and the client may destroy
 * one it never read from (opened for a request that got another connection meanwhile): that one would count as in use
 * forever.
 * - A closed connection isn't writable. The client removes only those from the idle connections. Source: Node's
 * lib/_http_agent.js, removeSocket.
 */
function likeSocket(stream: Duplex): Duplex {
  const none = () => stream;
  const giveUp = stream.destroy.bind(stream);
  const destroy = (error?: Error) => {
    stream.resume();
    return giveUp(error);
  };
  stream.once('close', () => Object.assign(stream, { writable: false }));
  return Object.assign(stream, {
    setKeepAlive: none,
    setNoDelay: none,
    setTimeout: none,
    ref: none,
    unref: none,
    destroy,
  });
}
