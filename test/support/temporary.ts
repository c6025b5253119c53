import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PREFIX = 'swarmup-tests-';

/**
 * Gives all tests of a run one temporary folder, which is removed with its contents at the end. The programs that they start share
 * a cache of compiled modules in it: stripping types is most of what a short one does.
 */
export default function setUp(): () => void {
  // Another project of the same run has made one, and removes it. A folder in it would make paths of sockets too long.
  if (basename(tmpdir()).startsWith(PREFIX)) return () => undefined;
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  const own = { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const before = Object.keys(own).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, own);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
