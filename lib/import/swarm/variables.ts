import { Variable } from '../cluster-text.ts';

/** Names whose values look secret. */
const SECRET = /pass|secret|token|key|credential|basicauth/i;

/** An option of a command with such a name: --password=VALUE. */
const OPTION = /^(-{1,2}[\w.-]*(?:pass|secret|token|key|credential)[\w.-]*=)(.+)$/is;
const BARE_OPTION = /^-{1,2}[\w.-]*(?:pass|secret|token|key|credential)[\w.-]*$/i;

/**
 * Variables of the environment in place of values that look secret: the file has only their names. Every place gets a
 * variable of its own, unless the value is the same.
 */
export class Variables {
  readonly #values = new Map<string, string>();

  /** The values by the variables' names. */
  get values(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#values);
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** A copy of a service in which secret values are variables. @param owner whose name begins the variables' names */
  hide(owner: string, service: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(service).map(([key, value]) => [key, this.#hideIn(owner, key, value)] as const),
    );
  }

  #hideIn(owner: string, key: string, value: unknown): unknown {
    if (key === 'command' || key === 'entrypoint')
      return Array.isArray(value) ? this.#hideOptions(owner, value) : value;
    // Files that a service gets are no secrets themselves: their contents are in the swarm.
    if (key === 'secrets' || key === 'configs') return value;
    return this.#hideValues(owner, value);
  }

  #hideValues(owner: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#hideValues(owner, one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]: [string, unknown]) => [
        key,
        typeof inner === 'string' && isSecret(key, inner)
          ? this.#variable(owner, key, inner)
          : this.#hideValues(owner, inner),
      ]),
    );
  }

  #hideOptions(owner: string, words: readonly unknown[]): unknown[] {
    return words.map((word, i) => {
      if (typeof word !== 'string') return word;
      const [, option, value] = OPTION.exec(word) ?? [];
      if (option !== undefined && value !== undefined) return this.#variable(owner, option, value, option);
      const before = words[i - 1];
      const follows = typeof before === 'string' && BARE_OPTION.test(before) && !word.startsWith('-') && word !== '';
      return follows ? this.#variable(owner, before, word) : word;
    });
  }

  #variable(owner: string, key: string, value: string, prefix = ''): Variable {
    const plain = `${owner}_${key}`
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '');
    const base = /^[A-Z]/.test(plain) ? plain : `V_${plain}`;
    for (let i = 1; ; i++) {
      const name = i === 1 ? base : `${base}_${i}`;
      const known = this.#values.get(name);
      if (known !== undefined && known !== value) continue;
      this.#values.set(name, value);
      return new Variable(name, prefix);
    }
  }
}

/** A path of a file with a secret is none itself. */
function isSecret(key: string, value: string): boolean {
  return value !== '' && SECRET.test(key) && !(/_FILE$/i.test(key) && value.startsWith('/'));
}
