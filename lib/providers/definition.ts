import { z } from 'zod';
import { SwarmupError } from '../util/errors.ts';
import type { Provider, ProviderFactory, ProviderOptions } from '../contracts/provider.ts';

/** What a kind of provider consists of. */
export interface ProviderParts<Schema extends z.ZodType> {
  /** The keys of its section in a cluster file, without `type`. Unknown keys are mistakes only if it is strict. */
  readonly schema: Schema;
  /** Whether its nodes must or must not have an `address` and its related keys, as with `hosts`; default: they may. */
  readonly addresses?: 'required' | 'refused';
  /** Creates the provider of one cluster. It may read the world, but changes nothing. */
  readonly create: (config: z.output<Schema>, options: ProviderOptions) => Provider | Promise<Provider>;
}

/** A provider together with its parsed configuration. */
export class ConfiguredProvider {
  readonly create: ProviderFactory;

  constructor(create: ProviderFactory) {
    this.create = create;
  }
}

/** The result of parsing a section: mistakes, or the value and the provider that got it. */
type Reading =
  | { readonly issues: readonly z.core.$ZodIssue[] }
  | { readonly config: unknown; readonly configured: ConfiguredProvider };

/** A kind of provider. The type of its configuration is known only inside `read`, where schema and `create` meet. */
export class ProviderDefinition {
  readonly schema: z.ZodType;
  readonly addresses: 'required' | 'refused' | undefined;
  /** Parses the keys of a section once: the provider gets exactly the parsed value. */
  readonly read: (keys: unknown) => Promise<Reading>;

  constructor({ schema, addresses, read }: Pick<ProviderDefinition, 'schema' | 'addresses' | 'read'>) {
    this.schema = schema;
    this.addresses = addresses;
    this.read = read;
  }
}

/**
 * Defines a kind of provider. `create` gets the section of the cluster file, parsed and typed by the schema.
 * @throws SwarmupError USAGE when the schema isn't a zod 4 schema
 */
export function defineProvider<Schema extends z.ZodType>(parts: ProviderParts<Schema>): ProviderDefinition {
  const { schema, addresses, create } = parts;
  if (!(schema instanceof z.ZodType))
    throw new SwarmupError('USAGE', "defineProvider: 'schema' is not a zod 4 schema", {
      fix: "Create it with the z of swarmup: import { defineProvider, z } from 'swarmup'.",
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
