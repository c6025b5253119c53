import { callbackify } from 'node:util';
import ssh2, {
  type IdentityCallback,
  type OpenSSHAgent,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';

/** A key that can log in. */
export interface Identity {
  /** As shown to the user. */
  readonly name: string;
  readonly key: ParsedKey;
  /** @param hash of RSA signatures */
  sign(data: Buffer, hash: SigningRequestOptions['hash']): Promise<Buffer>;
}

/** Keys of several sources in one list, in the form in which ssh2 takes them: it offers them in this order. */
export class Identities extends ssh2.BaseAgent<ParsedKey> {
  readonly #identities: readonly Identity[];

  constructor(identities: readonly Identity[]) {
    super();
    this.#identities = identities;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(
      undefined,
      this.#identities.map(({ key }) => key),
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback = typeof options === 'function' ? options : undefined,
  ): void {
    const hash = typeof options === 'function' ? undefined : options.hash;
    const identity = this.#identities.find((one) => one.key === key);
    const signing = identity?.sign(data, hash) ?? Promise.reject(new Error('unknown key'));
    callbackify(() => signing)((error, signature) => callback?.(error, signature));
  }
}

/** The keys of an agent that ssh2 can use. */
export function agentIdentities(socket: string): Promise<readonly Identity[]> {
  const agent = new ssh2.OpenSSHAgent(socket);
  return new Promise((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) return reject(error);
      return resolve((keys ?? []).flatMap((key) => ('pubKey' in key ? [] : [identityOf(agent, key)])));
    });
  });
}

function identityOf(agent: OpenSSHAgent, key: ParsedKey): Identity {
  return {
    name: "the agent's keys",
    key,
    sign: (data, hash) =>
      new Promise((resolve, reject) =>
        agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) =>
          signature ? resolve(signature) : reject(error ?? new Error('the agent returned no signature')),
        ),
      ),
  };
}
