export type Kind = 'service' | 'network' | 'secret' | 'config';

/** What managers refuse to create, update or remove. */
export interface Subject {
  readonly kind: Kind;
  /** Its name in the swarm. */
  readonly name: string;
}

export interface RefusalContext extends Subject {
  /** The manager that refused. */
  readonly manager: string;
  /** The stack that it belongs to. */
  readonly stack?: string;
  /** Its name in its file, such as web for app_web. */
  readonly key: string;
}

/** One thing that managers refuse, in their words. Texts are functions of the context and of what the pattern found. */
export interface Refusal {
  readonly words: RegExp;
  readonly cause: (context: RefusalContext, found: readonly string[]) => string;
  readonly fix: (context: RefusalContext, found: readonly string[]) => string;
  /** The key to blame, below that of the subject: `ports`. Several if files of stacks and of clusters differ. */
  readonly at?: { readonly stack: readonly string[]; readonly cluster: readonly string[] };
  /** Whether the file is right, and the swarm isn't as it has to be. */
  readonly isOfSwarm?: true;
  /** Whether it is known to pass. */
  readonly transient?: true;
}

/** The same key in files of stacks and of clusters. */
export const below = (...keys: string[]) => ({ stack: keys, cluster: keys });
