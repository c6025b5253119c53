import { readEnvFile } from '../util/env-file.ts';
import { contentsOf } from './contents.ts';
import type { Path } from './locate.ts';
import type { Reporter } from './reporter.ts';
import type { ServiceFile } from './service-schema.ts';

type Environment = Readonly<Record<string, string | null>>;

/**
 * A service's environment: that of its files, overridden by its own. Names without a value take it from swarmup's
 * environment; those that aren't set there are null, which removes the image's variable. Source: docker/cli,
 * opts.ReadKVEnvStrings, and cli/command/service/opts.go, makeEnv.
 */
export async function convertEnvironment(
  { env, environment = env, envFile = [] }: Pick<ServiceFile, 'env' | 'environment' | 'envFile'>,
  place: Path,
  reporter: Reporter,
): Promise<Environment> {
  const files = await Promise.all(envFile.map((path, i) => fromFile(path, [...place, 'envFile', i], reporter)));
  const own = Object.entries(environment).map(([name, value]) => [name, value ?? reporter.env[name] ?? null] as const);
  const all = new Map<string, string | null>();
  for (const [name, value] of [...files.flat(), ...own]) {
    all.delete(name);
    all.set(name, value);
  }
  return Object.fromEntries(all);
}

async function fromFile(
  path: string,
  place: Path,
  reporter: Reporter,
): Promise<readonly (readonly [string, string])[]> {
  const contents = await contentsOf(path, place, reporter);
  const { lines, problems } = readEnvFile(contents);
  reporter.add(
    problems.map(({ line, source, message }) => ({
      file: path,
      line,
      column: 1,
      length: Math.max(1, source.length),
      message,
      hint: 'expected NAME=VALUE, or a comment that begins with #',
      source,
    })),
  );
  return lines.flatMap(({ name, value = reporter.env[name] }) => (value === undefined ? [] : [[name, value] as const]));
}
