import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import { validateDaemon } from '../../lib/docker/daemon-file.ts';
import { replaceOn } from '../../lib/remote/write-file.ts';
import { Secret } from '../../lib/util/secret.ts';
import { strict } from '../fakes/strict.ts';

const never = new AbortController().signal;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swarmup-daemon-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** This computer as a host, on which programs in the folder come first. */
const host = strict<Host>('host', {
  name: 'n1',
  run: async ([program = '', ...args], { input, okExit } = {}) => {
    const child = spawn(program, args, { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` } });
    child.stdin.end(input instanceof Secret ? input.reveal() : '');
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    if (exitCode !== 0 && okExit !== 'any') throw new Error(`${stdout}${stderr}`);
    return { exitCode: Number(exitCode), stdout, stderr };
  },
});

/** A dockerd that refuses files with the word nonsense. */
function engine(help: string): void {
  const script = [
    '#!/bin/sh',
    `if [ "$1" = --help ]; then echo '${help}'; exit; fi`,
    'if [ "$1 $2" != "--validate --config-file=/dev/stdin" ]; then echo "unknown $*" >&2; exit 64; fi',
    'if grep -q nonsense /dev/stdin; then echo "unable to configure the Docker daemon" >&2; exit 1; fi',
    'echo configuration OK >&2',
  ];
  writeFileSync(join(folder, 'dockerd'), `${script.join('\n')}\n`);
  chmodSync(join(folder, 'dockerd'), 0o755);
}

const difference = (value: string) => [{ key: 'log-driver', from: undefined, to: value, live: false }];
const validate = (value: string) => validateDaemon(host, { values: { debug: true } }, difference(value), never);

describe('the check of daemon.json by the program of the engine', () => {
  it('accepts and refuses what the program does, with its message', async () => {
    engine('  --validate  Validate daemon configuration and exit');
    await validate('local');
    await expect(validate('nonsense')).rejects.toMatchObject({
      code: 'DAEMON_CONFIG_INVALID',
      message: expect.stringContaining('n1: the Docker Engine there refuses docker.daemon (log-driver)'),
      output: 'unable to configure the Docker daemon',
    });
  });

  it('is left out with a program that has no such option', async () => {
    engine('  --version');
    await validate('nonsense');
  });
});

describe('a file that is replaced on a host', () => {
  const write = (path: string, content: string) => replaceOn(host, path, new Secret(content), never);

  it('is created with its folder, readable by all', async () => {
    const file = join(folder, 'a b', 'daemon.json');
    await write(file, '{}');
    expect(readFileSync(file, 'utf8')).toBe('{}');
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(folder, 'a b'))).toEqual(['daemon.json']);
  });

  it('keeps its mode, and a link to it stays one', async () => {
    const file = join(folder, 'real.json');
    writeFileSync(file, 'a much longer text than the new one');
    chmodSync(file, 0o600);
    symlinkSync(file, join(folder, 'link.json'));
    await write(join(folder, 'link.json'), 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['link.json', 'real.json']);
  });
});
