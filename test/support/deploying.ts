import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import type { ComposeConfig } from '../../lib/compose/types.ts';
import type { StackReference, StackSpec } from '../../lib/config/model.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { lastLines } from '../../lib/contracts/output.ts';
import { isTransient } from '../../lib/remote/transient.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { Secret } from '../../lib/util/secret.ts';
import { strict } from '../fakes/strict.ts';

export interface Files {
  /** Texts by paths relative to the folder of the test. */
  readonly files: Readonly<Record<string, string>>;
  /** The Compose files among them; default: stack.yml. */
  readonly compose?: readonly string[];
  /** Files that they refer to, as they are written there: kind and path. */
  readonly references?: readonly (readonly [StackReference['kind'], string])[];
  readonly env?: Readonly<Record<string, string>>;
  readonly more?: Partial<StackSpec>;
}

export interface Written {
  readonly folder: string;
  readonly stack: StackSpec;
  /** What the real docker reads from the files where they are. */
  readonly compose: ComposeConfig;
}

const { HOME = '/root', PATH = '' } = process.env;

/** A stack from files in a new folder, as the real docker reads them there. @throws Error when docker refuses them */
export function stackOn({ files, compose = ['stack.yml'], references = [], env = {}, more = {} }: Files): Written {
  const top = mkdtempSync(join(tmpdir(), 'swarmup-stack-'));
  const at = (path: string) => join(top, path);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  }
  const paths = compose.map(at);
  const folder = dirname(paths[0]!);
  const argv = ['stack', 'config', ...paths.flatMap((path) => ['-c', `"${path.replaceAll('"', '""')}"`])];
  const options = { encoding: 'utf8', stdio: 'pipe', env: { PATH, HOME, ...env } } as const;
  const config = parse(execFileSync('docker', argv, options)) as ComposeConfig;
  const text = files[compose[0]!] ?? '';
  const version = /^version: ["']?([\d.]+)/m.exec(text)?.[1];
  const resolved = references.map(([kind, written]): StackReference => {
    const path = written.startsWith('/') ? written : join(folder, written);
    const content = Object.entries(files).find(([name]) => at(name) === path)?.[1] ?? '';
    return { kind, written, path, data: new Secret(Buffer.from(content).toString('base64')) };
  });
  const stack: StackSpec = {
    name: 's',
    file: paths[0]!,
    text,
    files: compose.map((path) => ({ path: at(path), shown: path, text: files[path] ?? '' })),
    folder,
    compose: config,
    variables: Object.keys(env),
    environment: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, new Secret(value)])),
    references: resolved,
    services: Object.entries(config.services).map(([name, { image = '' }]) => ({
      name,
      image,
      ports: [],
      environment: [],
      constraints: [],
      volumes: [],
      volumeNames: [],
    })),
    externalNetworks: [],
    externalSecrets: [],
    externalConfigs: [],
    hints: [],
    whenUnreachable: 'fail',
    resolveImage: 'never',
    drift: 'fix',
    ...(version === undefined ? {} : { version }),
    ...more,
  };
  return { folder, stack, compose: config };
}

/** A `docker` in its own folder, of which the rest of the script is given; `$docker` is the real one. */
export function dockerStandIn(rest: string): string {
  return programIn(`#!/bin/sh\ndocker=${realDocker()}\n${rest}\n`);
}

/**
 * The real docker in its own folder, with the engine on another socket than the host's own. Not a shell script, as
 * shells change some variables.
 */
export function dockerWith(socket: string): string {
  return programIn(`#!/usr/bin/perl
exit 64 unless $ARGV[0] eq '--host' && $ARGV[1] eq 'unix:///var/run/docker.sock';
$ARGV[1] = 'unix://${socket}';
exec { '${realDocker()}' } 'docker', @ARGV;
`);
}

function realDocker(): string {
  return execFileSync('sh', ['-c', 'command -v docker'], { encoding: 'utf8' }).trim();
}

function programIn(text: string): string {
  const bin = mkdtempSync(join(tmpdir(), 'swarmup-docker-'));
  writeFileSync(join(bin, 'docker'), text);
  chmodSync(join(bin, 'docker'), 0o755);
  return bin;
}

export interface Ran {
  readonly argv: readonly string[];
  readonly stdout: string;
}

/**
 * A manager on this computer, whose commands run in a real shell.
 *
 * @param bin the folder with its docker
 * @param env its environment
 * @param shell instead of sh
 */
export function localManager(
  bin: string,
  { env = {}, shell = 'sh' }: { env?: Readonly<Record<string, string>>; shell?: string } = {},
): { readonly host: Host; readonly ran: Ran[] } {
  const ran: Ran[] = [];
  const host = strict<Host>('host', {
    name: 'manager1',
    run: async (argv, { input, signal } = {}) => {
      const [, ...rest] = argv;
      const child = spawn(shell, rest, { env: { HOME, ...env, PATH: `${bin}:${PATH}` }, stdio: 'pipe' });
      signal?.addEventListener('abort', () => child.kill('SIGTERM'));
      (input as Readable).pipe(child.stdin);
      child.stdin.on('error', () => undefined);
      const ended = new Promise<number>((resolve) => {
        child.on('close', (code) => resolve(code ?? 128));
      });
      const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
      ran.push({ argv, stdout });
      if (exitCode !== 0)
        throw new SwarmupError('COMMAND_FAILED', `manager1: 'sh -c umask 077' ended with exit code ${exitCode}`, {
          fix: 'Correct it.',
          output: lastLines({ exitCode, stdout, stderr }),
          transient: isTransient(stderr),
        });
      return { stdout, stderr, exitCode };
    },
  });
  return { host, ran };
}
