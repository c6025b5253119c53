import type { z } from 'zod';
import type { ProviderSection } from './model.ts';

/** What reading a cluster file needs from the providers. It is passed in, as providers are on a higher floor. */
export interface ProviderRegistry {
  /**
   * Reads a provider's section. A type that names a module loads it, which runs it.
   *
   * @param file absolute path of the cluster file
   */
  read(section: { readonly type: string }, file: string): Promise<SectionReading>;
}

/** A section as parsed by its provider, with the mistakes that its schema finds; or why there is no such provider. */
export type SectionReading =
  | {
      readonly section: ProviderSection;
      readonly invalid?: { readonly issues: readonly z.core.$ZodIssue[]; readonly schema: z.ZodType };
    }
  | { readonly problem: string; readonly hint: string };

export interface ParseOptions {
  /** Absolute path; files that the cluster file names are relative to it. */
  readonly file: string;
  /** The file's name as shown in mistakes. */
  readonly shown: string;
  readonly stateRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly providers: ProviderRegistry;
}
