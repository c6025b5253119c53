import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

/** Idle channels kept open for the next request. */
const MAX_FREE = 4;
/** The maximum of concurrent requests per host: well under OpenSSH's default of 10 sessions per connection. */
const MAX_SOCKETS = 6;

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
