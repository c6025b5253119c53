import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The real docker command, out of Debian's package and without an engine, in a folder of its own.
 *
 * @param home where it finds its configuration, and ssh its own: OpenSSH looks in the user's home whatever HOME says
 * @returns runs it
 */
export function dockerCli(folder: string, home: string): (...argv: readonly string[]) => string {
  mkdirSync(folder, { recursive: true });
  const apt = (...argv: string[]) =>
    execFileSync('flock', ['/run/swarmup-tests.lock', 'apt-get', ...argv], { cwd: folder, stdio: 'pipe' });
  apt('update', '-q');
  // Debian 13 has the command in a package of its own; Debian 12 in that of the engine.
  for (const name of ['docker-cli', 'docker.io']) {
    try {
      apt('download', '-q', name);
      break;
    } catch (error) {
      if (name === 'docker.io') throw error;
    }
  }
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  execFileSync('dpkg', ['-x', join(folder, file), join(folder, 'root')]);
  const bin = join(folder, 'root', 'usr', 'bin');
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${join(home, '.ssh', 'config')}' "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  const env = { ...process.env, HOME: home, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  return (...argv) => execFileSync(join(bin, 'docker'), argv, { env, encoding: 'utf8' });
}
