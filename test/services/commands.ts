import { execFileSync } from 'node:child_process';
import type { Case } from './cases.ts';

/** The three commands of Docker's client, and how a case becomes one. */

export const COMMANDS = {
  service: { words: ['service', 'create'], of: serviceCommand },
  network: { words: ['network', 'create'], of: networkCommand },
  swarm: { words: ['swarm', 'init'], of: swarmCommand },
} as const;

export type Kind = keyof typeof COMMANDS;

function serviceCommand({ argv }: Case): readonly string[] {
  const at = argv.indexOf('IMAGE');
  const [options, words] = at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
  return ['service', 'create', '--detach', '--no-resolve-image', '--name', 'web', ...options, 'nginx', ...words];
}

function networkCommand({ argv }: Case): readonly string[] {
  return ['network', 'create', '--driver', 'overlay', ...argv, 'back'];
}

function swarmCommand({ argv }: Case): readonly string[] {
  return ['swarm', 'init', '--advertise-addr', '10.0.0.1', ...argv];
}

/** The long options that a command of the installed client has. */
export function optionsOf(words: readonly string[]): readonly string[] {
  const help = execFileSync('docker', [...words, '--help'], { encoding: 'utf8', stdio: 'pipe' });
  return [...help.matchAll(/^ +(?:-\w, )?--([a-z0-9-]+) /gm)].map(([, option = '']) => option);
}

/** The long options that cases use. */
export function optionsIn(cases: readonly Case[]): ReadonlySet<string> {
  const words = cases.flatMap(({ argv }) => argv);
  return new Set(words.flatMap((word) => /^--([a-z0-9-]+)$/.exec(word)?.[1] ?? []));
}
