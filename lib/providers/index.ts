import type { z } from 'zod';
import type { ProviderFactory } from '../contracts/provider.ts';
import type { ProviderSection } from '../config/model.ts';
import type { ProviderRegistry, SectionReading } from '../config/parse-options.ts';
import { withoutExtensions } from '../config/shape.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { ConfiguredProvider, defineProvider, ProviderDefinition } from './definition.ts';
import { outsideProvider } from './outside.ts';

/** The built-in providers. A schema is loaded only when a cluster file names it, the provider only when it is used. */
const PROVIDERS: ReadonlyMap<string, () => Promise<ProviderDefinition>> = new Map([
  [
    'qemu',
    async () =>
      defineProvider({
        schema: (await import('./qemu/config.ts')).qemuConfig,
        addresses: 'refused',
        create: async (config, options) => (await import('./qemu/provider.ts')).createQemuProvider(config, options),
      }),
  ],
  [
    'aws',
    async () =>
      defineProvider({
        schema: (await import('./aws/config.ts')).awsConfig,
        addresses: 'refused',
        create: async (config, options) => (await import('./aws/provider.ts')).createAwsProvider(config, options),
      }),
  ],
  [
    'virtualbox',
    async () =>
      defineProvider({
        schema: (await import('./virtualbox/config.ts')).virtualboxConfig,
        addresses: 'refused',
        create: async (config, options) =>
          (await import('./virtualbox/provider.ts')).createVirtualboxProvider(config, options),
      }),
  ],
  [
    'hosts',
    async () =>
      defineProvider({
        schema: (await import('./hosts/config.ts')).hostsConfig,
        addresses: 'required',
        create: async (config, options) => (await import('./hosts/provider.ts')).createHostsProvider(config, options),
      }),
  ],
]);

/** The names of the built-in providers. */
export const providerTypes: readonly string[] = [...PROVIDERS.keys()];

/** The schema of a built-in provider's section, without `type`; undefined for an unknown name. */
export async function providerSchema(type: string): Promise<z.ZodType | undefined> {
  return (await PROVIDERS.get(type)?.())?.schema;
}

/** What reading a cluster file needs from the providers. */
export const providerRegistry: ProviderRegistry = { read };

async function read({ type, ...keys }: { readonly type: string }, file: string): Promise<SectionReading> {
  const found = (await PROVIDERS.get(type)?.()) ?? (await outsideProvider(type, file));
  if (!found) {
    return {
      problem: `there is no provider '${type}'`,
      hint: `${expectedOneOf(type, providerTypes)}, an installed package, or a path: ./FILE or /FILE`,
    };
  }
  if (!(found instanceof ProviderDefinition)) return found;
  const { schema, addresses } = found;
  const known = { type, ...(addresses ? { addresses } : {}) };
  const reading = await found.read(withoutExtensions(keys, [schema]));
  if ('issues' in reading) return { section: { ...known, config: undefined }, invalid: { ...reading, schema } };
  return { section: { ...known, ...reading } };
}

/** Creates the provider of a section, or of all sections if there are several. */
export async function loadProvider({ type, parts, configured }: ProviderSection): Promise<ProviderFactory> {
  if (parts) {
    const { createComposite } = await import('./composite.ts');
    return (options) => createComposite(loadProvider, options);
  }
  if (configured instanceof ConfiguredProvider) return configured.create;
  throw new Error(`the section of the provider '${type}' was read by another registry`);
}
