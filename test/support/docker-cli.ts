import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The real docker command, from Debian's package and without an engine, in its own folder.
 *
 * @param home the home of its configuration, and of ssh's: OpenSSH uses the user's home whatever HOME says
 * @returns a function that runs it
 */
export function dockerCli(folder: string, home: string): (...argv: readonly string[]) => string {
  mkdirSync(folder, { recursive: true });
  const apt = (...argv: string[]) =>
    execFileSync('flock', ['/run/swarmup-tests.lock', 'apt-get', ...argv], { cwd: folder, stdio: 'pipe' });
  apt('update', '-q');
  // Debian 13 has the command in its own package; Debian 12 in the engine's.
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
