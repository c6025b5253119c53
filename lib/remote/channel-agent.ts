import { Agent, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

/** Idle channels kept open for the next request. */
const MAX_FREE = 4;
/** The requests one host is asked at once: well under OpenSSH's default of 10 sessions a connection. */
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
 * Node's HTTP client calls these on every connection; a channel has no such settings. Two more things it expects that a channel of ssh2
 * doesn't do by itself, and without which it waits for connections that are gone:
 *
 * - What is given up is closed. A channel closes only when it has been read to its end, and the client may give up one that it never
 *   read from (made for a request that got another connection meanwhile): it would count as in use for good.
 * - What is closed can't be written to. Only such are taken out of the idle ones. Source: Node's lib/_http_agent.js, removeSocket.
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
