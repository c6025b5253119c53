import { findPackageJSON } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exists } from '../util/files.ts';
import { hasErrno } from '../util/errno.ts';
import { importModule } from '../util/import-module.ts';
import { messageOf } from '../util/errors.ts';
import { ProviderDefinition } from './definition.ts';

/** Why there is no provider of this type; both texts are shown at its place in the cluster file. */
export interface Unusable {
  readonly problem: string;
  readonly hint: string;
}

const PATH = /^\.{0,2}\//;
/** A package, perhaps with a subpath. Source: package.json(5), name. */
const PACKAGE = /^(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*(?:\/[\w.~-]+)*$/;

const EXPORTED = 'expected a module with `export default defineProvider({ ... })`: docs/providers.md';

/**
 * The provider of an outside module: a path relative to the cluster file, or a package, which is searched beside the
 * cluster file and then beside swarmup. Loading it runs it.
 *
 * @param file absolute path of the cluster file
 * @returns undefined when the type doesn't name a module
 */
export async function outsideProvider(type: string, file: string): Promise<ProviderDefinition | Unusable | undefined> {
  if (PATH.test(type)) {
    const path = resolve(dirname(file), type);
    if (await exists(path)) return load(type, pathToFileURL(path).href);
    return {
      problem: `the provider module ${path} does not exist`,
      hint: 'expected a path relative to the cluster file',
    };
  }
  if (!PACKAGE.test(type)) return undefined;
  const base = [pathToFileURL(file).href, import.meta.url].find((one) => isInstalled(type, one));
  return base === undefined ? undefined : load(type, type, base);
}

function isInstalled(name: string, base: string): boolean {
  try {
    return findPackageJSON(name, base) !== undefined;
  } catch (error) {
    if (hasErrno(error, 'ERR_MODULE_NOT_FOUND')) return false;
    throw error;
  }
}

async function load(type: string, specifier: string, base?: string): Promise<ProviderDefinition | Unusable> {
  let module: unknown;
  try {
    module = await importModule(specifier, base);
  } catch (cause) {
    // One line, without control characters.
    const [line = ''] = messageOf(cause).split('\n');
    return {
      problem: `the provider module '${type}' can't be loaded: ${line.replaceAll(/\p{Cc}/gu, ' ')}`,
      hint: 'expected a module that Node.js can run; correct the error in the message',
    };
  }
  if (typeof module !== 'object' || module === null || !('default' in module))
    return { problem: `the provider module '${type}' has no default export`, hint: EXPORTED };
  if (module.default instanceof ProviderDefinition) return module.default;
  return { problem: `the default export of '${type}' is not a result of defineProvider`, hint: EXPORTED };
}
