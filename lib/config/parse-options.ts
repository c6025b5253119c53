import type { z } from 'zod';

/** What reading a cluster file takes of the providers: it is handed in, as they know more than a file does. */
export interface ProviderRegistry {
  /** The schema of a provider's section; `unknown` says what was expected when there is no such provider. */
  schemaOf(type: string): Promise<{ readonly schema: z.ZodType } | { readonly unknown: string }>;
  /** Whether a provider's machines exist already, so that nodes have addresses; undefined for providers outside the project. */
  hasHosts(type: string): boolean | undefined;
}

export interface ParseOptions {
  /** Absolute path; files that the cluster file names are relative to it. */
  readonly file: string;
  /** The file's name as mistakes show it. */
  readonly shown: string;
  readonly stateRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly providers: ProviderRegistry;
}
