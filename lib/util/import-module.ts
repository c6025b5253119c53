import { registerHooks } from 'node:module';

/** The name by which outside modules import swarmup, perhaps with a subpath, such as swarmup/testing. */
const SELF = /^swarmup(?:\/|$)/;

/**
 * Loads a user's module, TypeScript or JavaScript. Wherever it is, `import ... from 'swarmup'` in it means this
 * installation: its objects must be instances of the same classes as here.
 * @param specifier a file's URL, or the name of a package
 * @param base URL of the file from whose folder a package is resolved
 */
export async function importModule(specifier: string, base: string = import.meta.url): Promise<unknown> {
  const here = import.meta.url;
  const hooks = registerHooks({
    resolve: (wanted, context, next) => {
      // A package may import itself by its name, so imports of swarmup are resolved as if from this file.
      if (SELF.test(wanted)) return next(wanted, { ...context, parentURL: here });
      return next(
        wanted,
        wanted === specifier && context.parentURL === here ? { ...context, parentURL: base } : context,
      );
    },
  });
  try {
    return await import(specifier);
  } finally {
    hooks.deregister();
  }
}
