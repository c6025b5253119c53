import { registerHooks } from 'node:module';

/** What modules from outside import swarmup by; also with a subpath, such as swarmup/testing. */
const SELF = /^swarmup(?:\/|$)/;

/**
 * Loads a module of the user's, TypeScript or JavaScript. Wherever it lies, `import ... from 'swarmup'` in it means this
 * installation: what it makes must be of the same classes as what it is compared with here.
 *
 * @param specifier a file's URL, or the name of a package
 * @param base URL of the file from whose folder a package is looked for
 */
export async function importModule(specifier: string, base: string = import.meta.url): Promise<unknown> {
  const here = import.meta.url;
  const hooks = registerHooks({
    resolve: (wanted, context, next) => {
      // A package may import itself by its name, so this file stands for whoever asks for swarmup.
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
