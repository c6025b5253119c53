import { z } from 'zod';
import { SwarmupError } from '../util/errors.ts';
import type { Provider, ProviderFactory, ProviderOptions } from '../contracts/provider.ts';

/** What a kind of provider consists of. */
export interface ProviderParts<Schema extends z.ZodType> {
  /** The keys of its section in a cluster file, without `type`. Unknown keys are mistakes only where it is strict. */
  readonly schema: Schema;
  /** Whether its nodes have an `address` and what goes with it, as those of `hosts`; default: as the user likes. */
  readonly addresses?: 'required' | 'refused';
  /** Makes the provider of one cluster. It may look at the world, and changes nothing. */
  readonly create: (config: z.output<Schema>, options: ProviderOptions) => Provider | Promise<Provider>;
}

/** A provider that knows its section's configuration already. */
export class ConfiguredProvider {
  readonly create: ProviderFactory;

  constructor(create: ProviderFactory) {
    this.create = create;
  }
}

/** What a schema makes of a section: mistakes, or a value and the provider that was given it. */
type Reading =
  | { readonly issues: readonly z.core.$ZodIssue[] }
  | { readonly config: unknown; readonly configured: ConfiguredProvider };

/** A kind of provider. Its configuration's type is known inside `read` alone, where schema and `create` meet. */
export class ProviderDefinition {
  readonly schema: z.ZodType;
  readonly addresses: 'required' | 'refused' | undefined;
  /** Checks the keys of a section, once: the provider gets the very value that was checked. */
  readonly read: (keys: unknown) => Promise<Reading>;

  constructor({ schema, addresses, read }: Pick<ProviderDefinition, 'schema' | 'addresses' | 'read'>) {
    this.schema = schema;
    this.addresses = addresses;
    this.read = read;
  }
}

/**
 * Defines a kind of provider. `create` gets the section of the cluster file as its schema understood it, typed.
 *
 * @throws SwarmupError USAGE when the schema is none of zod 4
 */
export function defineProvider<Schema extends z.ZodType>(parts: ProviderParts<Schema>): ProviderDefinition {
  const { schema, addresses, create } = parts;
  if (!(schema instanceof z.ZodType))
    throw new SwarmupError('USAGE', "defineProvider: 'schema' is no schema of zod 4", {
      fix: "Make it with the z of swarmup: import { defineProvider, z } from 'swarmup'.",
    });
  return new ProviderDefinition({
    schema,
    addresses,
    read: async (keys) => {
      const parsed = await schema.safeParseAsync(keys, { reportInput: true });
      if (!parsed.success) return { issues: parsed.error.issues };
      const config = parsed.data;
      return { config, configured: new ConfiguredProvider(async (options) => create(config, options)) };
    },
  });
}
