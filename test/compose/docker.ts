import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Whether Docker's client is here as the oracle: it reads Compose files without an engine. Older clients than 28 read
 * YAML with another library, for which `yes` is a boolean.
 *
 * @throws Error in CI, where a test that can't run is a failure
 */
export const hasOracle: boolean = (() => {
  const { status, stdout } = spawnSync('docker', ['--version'], { encoding: 'utf8' });
  const found = status === 0 && Number(/version (\d+)/.exec(stdout)?.[1]) >= 28;
  if (!found && process.env['CI'] === 'true')
    throw new Error('these tests compare with Docker’s client: install docker-cli 28 or newer');
  return found;
})();

/** The environment in which Compose files are read in these tests. */
export const ENV: Readonly<Record<string, string>> = { P: '8080', EMPTY: '', HOME: '/home/user' };

const run = promisify(execFile);

/** What `docker stack config` prints for files; undefined when Docker refuses them. */
export async function stackConfig(
  files: readonly string[],
  cwd: string,
  own: Readonly<Record<string, string>> = ENV,
): Promise<string | undefined> {
  const env = { ...own, PATH: process.env['PATH'] };
  const argv = ['stack', 'config', ...files.flatMap((file) => ['-c', file])];
  try {
    const { stdout } = await run('docker', argv, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    // A refusal, or a panic of Go's runtime, has an exit status; anything else is a fault of the test.
    if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number')
      return undefined;
    throw error;
  }
}
