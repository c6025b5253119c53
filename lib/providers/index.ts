import type { z } from 'zod';
import type { ProviderFactory } from '../contracts/provider.ts';
import type { ProviderSection } from '../config/model.ts';
import type { ProviderRegistry } from '../config/parse-options.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { messageOf, SwarmupError } from '../util/errors.ts';

interface Entry {
  readonly schema: () => Promise<z.ZodType>;
  readonly factory: () => Promise<ProviderFactory>;
  /** Its machines exist already: every node has an address. */
  readonly hosts?: true;
}

/** The providers inside the project. Each is loaded only when a cluster file names it. */
const PROVIDERS: Readonly<Record<string, Entry>> = {
  qemu: {
    schema: async () => (await import('./qemu/config.ts')).qemuConfig,
    factory: async () => (await import('./qemu/provider.ts')).createQemuProvider,
  },
  aws: {
    schema: async () => (await import('./aws/config.ts')).awsConfig,
    factory: async () => (await import('./aws/provider.ts')).createAwsProvider,
  },
  virtualbox: {
    schema: async () => (await import('./virtualbox/config.ts')).virtualboxConfig,
    factory: async () => (await import('./virtualbox/provider.ts')).createVirtualboxProvider,
  },
  hosts: {
    schema: async () => (await import('./hosts/config.ts')).hostsConfig,
    factory: async () => (await import('./hosts/provider.ts')).createHostsProvider,
    hosts: true,
  },
};

/** The providers inside the project, by name. */
export const providerTypes: readonly string[] = Object.keys(PROVIDERS);

/** Whether a provider's machines exist already, so that nodes have addresses; undefined for providers outside the project. */
function hasHosts(type: string): boolean | undefined {
  const entry = PROVIDERS[type];
  return entry && entry.hosts === true;
}

/** The schema of a provider's section; `unknown` says what was expected when there is no such provider. */
export async function providerSchema(type: string): Promise<{ schema: z.ZodType } | { unknown: string }> {
  const entry = PROVIDERS[type] ?? (await external(type));
  if (!entry) return { unknown: `${expectedOneOf(type, Object.keys(PROVIDERS))}, a package or a path to a module` };
  return { schema: await entry.schema() };
}

/** All that reading a cluster file takes of the providers. */
export const providerRegistry: ProviderRegistry = { schemaOf: providerSchema, hasHosts };

export async function loadProvider({ type, parts }: Pick<ProviderSection, 'type' | 'parts'>): Promise<ProviderFactory> {
  if (parts) {
    const { createComposite } = await import('./composite.ts');
    return (options) => createComposite(loadProvider, options);
  }
  const entry = PROVIDERS[type] ?? (await external(type));
  if (!entry) {
    throw new SwarmupError('PROVIDER_UNKNOWN', `there is no provider '${type}'`, {
      fix: `Use one of: ${Object.keys(PROVIDERS).join(', ')}.`,
    });
  }
  return entry.factory();
}

/** A provider outside the project: a package or an absolute path that exports `schema` and `createProvider`. */
async function external(type: string): Promise<Entry | undefined> {
  if (!/^(\/|@?[a-z0-9][\w.-]*\/|swarmup-)/.test(type)) return undefined;
  let module: { schema: z.ZodType; createProvider: ProviderFactory };
  try {
    module = await import(type);
  } catch (cause) {
    throw new SwarmupError('PROVIDER_UNKNOWN', `the provider module '${type}' can't be loaded: ${messageOf(cause)}`, {
      fix: 'Install the package, or correct provider.type.',
      cause,
    });
  }
  return { schema: () => Promise.resolve(module.schema), factory: () => Promise.resolve(module.createProvider) };
}
