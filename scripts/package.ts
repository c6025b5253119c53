import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the npm package in a folder (default: dist): JavaScript instead of TypeScript, because Node.js runs no
 * TypeScript inside node_modules, and all other files that the program reads. `npm pack ./dist` then makes the archive.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, process.argv[2] ?? 'dist');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', target], {
  cwd: root,
  stdio: 'inherit',
});
for (const name of [
  'swarmup',
  'config',
  'docs',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'lib/providers/qemu/guest-image.sh',
  'lib/providers/qemu/state/agent.pl',
  'lib/preflight/probe.pl',
  'lib/preflight/probe.py',
  'lib/swarm/mesh/fetch.pl',
  'lib/swarm/mesh/fetch.py',
]) {
  cpSync(join(root, name), join(target, name), { recursive: true });
}
// Fields that concern only a checkout are left out; `private` keeps a checkout from being published instead of the
// package.
const {
  scripts: _scripts,
  devDependencies: _tools,
  overrides: _overrides,
  allowScripts: _allowed,
  private: _private,
  ...manifest
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const types = './lib/index.d.ts';
const exports = {
  '.': { types, default: './lib/index.js' },
  './testing': { types: './lib/testing/index.d.ts', default: './lib/testing/index.js' },
};
writeFileSync(
  join(target, 'package.json'),
  `${JSON.stringify({ ...manifest, ...repository(process.env), types, exports }, null, 2)}\n`,
);

/** The repository in which GitHub builds the package. npm refuses provenance if the package doesn't name it. */
function repository({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name }: NodeJS.ProcessEnv): object {
  return server && name ? { repository: { type: 'git', url: `git+${server}/${name}.git` } } : {};
}
