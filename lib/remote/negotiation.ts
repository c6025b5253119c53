/** The algorithms that both sides of a connection offer, from ssh2's messages. */
export class Negotiation {
  readonly #offers = new Map<string, string>();

  /** Takes a line of ssh2's debug output, such as `Handshake: (remote) KEX method: curve25519-sha256`. */
  note(line: string): void {
    const [, side, kind, offer] = /^Handshake: \((local|remote)\) ([^:]+): (.*)$/.exec(line) ?? [];
    if (side !== undefined && kind !== undefined && offer !== undefined) this.#offers.set(`${side} ${kind}`, offer);
  }

  /**
   * What the sides couldn't agree on, in words.
   *
   * @returns undefined if that isn't why the connection failed
   */
  missing(message: string): string | undefined {
    const [, kind] = /no matching ((?:C->S |S->C )?[\w ]+)/.exec(message) ?? [];
    const row = KINDS.find(({ inError }) => kind !== undefined && inError.test(kind));
    if (!row) return undefined;
    const offer = (side: string) => this.#offers.get(`${side} ${row.inDebug}`)?.replaceAll(',', ', ') ?? 'unknown';
    return `they have no ${row.word} in common: the server offers ${offer('remote')}, and swarmup ${offer('local')}`;
  }
}

const KINDS = [
  { inError: /^key exchange/, inDebug: 'KEX method', word: 'key exchange algorithm (KexAlgorithms)' },
  { inError: /^host key/, inDebug: 'Host key format', word: 'type of host key (HostKeyAlgorithms)' },
  { inError: /^C->S cipher/, inDebug: 'C->S cipher', word: 'cipher (Ciphers)' },
  { inError: /^S->C cipher/, inDebug: 'S->C cipher', word: 'cipher (Ciphers)' },
  { inError: /^C->S MAC/, inDebug: 'C->S MAC', word: 'MAC (MACs)' },
  { inError: /^S->C MAC/, inDebug: 'S->C MAC', word: 'MAC (MACs)' },
] as const;
