import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { SwarmupError } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';
import { parseAs } from '../util/parse-json.ts';
import type { Machine } from '../contracts/provider.ts';
import { removeInside } from '../util/remove.ts';
import { sshConfigText } from './openssh.ts';

/** Where Docker's and OpenSSH's own configuration lies for the user. */
export interface ClientFolders {
  /** `~/.docker`, or DOCKER_CONFIG. */
  readonly docker: string;
  /** `~/.ssh/config`. */
  readonly sshConfig: string;
}

/** A Docker context of a cluster: what `docker --context NAME` needs to reach a manager over SSH. */
export interface DockerContext {
  readonly name: string;
  readonly cluster: string;
  /** The cluster's local folder: whose context it is. */
  readonly stateDir: string;
  readonly manager: Machine;
  readonly knownHostsFile: string;
}

/** Docker keeps contexts in a folder each, called after the hash of the name. Source: docker/cli, cli/context/store. */
const metaSchema = z.looseObject({
  Name: z.string(),
  Metadata: z.looseObject({ SwarmupFolder: z.string().optional() }).default({}),
});

export function clientFolders(env: Readonly<Record<string, string | undefined>>): ClientFolders {
  return {
    docker: env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'),
    sshConfig: join(homedir(), '.ssh', 'config'),
  };
}

/**
 * Writes the context, and the host it names into OpenSSH's configuration: the address, the key and the pinned host key, included from
 * the user's own file by one line. Everything else in there stays.
 *
 * @throws SwarmupError CONTEXT_FOREIGN where a context of that name is somebody else's
 */
export async function writeContext(context: DockerContext, folders: ClientFolders): Promise<void> {
  const { name, cluster, stateDir, manager, knownHostsFile } = context;
  const file = metaFile(folders, name);
  const before = await readMeta(file);
  if (before && before.Metadata.SwarmupFolder !== stateDir) throw foreign(name);
  const host = hostAlias(cluster, stateDir);
  const meta = {
    Name: name,
    Metadata: { Description: `${cluster}, by swarmup`, SwarmupFolder: stateDir },
    Endpoints: { docker: { Host: `ssh://${host}`, SkipTLSVerify: false } },
  };
  const included = sshFile(stateDir);
  await mkdir(dirname(included), { recursive: true, mode: 0o700 });
  await writeFile(included, sshConfigText([{ ...manager, name: host }], knownHostsFile), { mode: 0o600 });
  await edit(folders.sshConfig, (text) => `${includeOf(stateDir)}${without(text, stateDir)}`);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, JSON.stringify(meta));
}

/** The names of the contexts that were written for a cluster. */
export async function contextsOf(stateDir: string, { docker }: ClientFolders): Promise<readonly string[]> {
  const folder = join(docker, 'contexts', 'meta');
  const entries = (await ifThere(readdir(folder))) ?? [];
  const metas = await Promise.all(entries.map((entry) => readMeta(join(folder, entry, 'meta.json'))));
  return metas.flatMap((meta) => (meta?.Metadata.SwarmupFolder === stateDir ? [meta.Name] : []));
}

/** Takes away what `writeContext` wrote for a cluster. */
export async function removeContexts(stateDir: string, folders: ClientFolders): Promise<void> {
  for (const name of await contextsOf(stateDir, folders))
    await removeInside(folders.docker, dirname(metaFile(folders, name)));
  await edit(folders.sshConfig, (text) => without(text, stateDir));
  await removeInside(dirname(stateDir), sshFile(stateDir));
}

function metaFile({ docker }: ClientFolders, name: string): string {
  return join(docker, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'), 'meta.json');
}

async function readMeta(file: string): Promise<z.output<typeof metaSchema> | undefined> {
  const text = await ifThere(readFile(file, 'utf8'));
  return text === undefined ? undefined : parseAs(metaSchema, text);
}

/** Two clusters of one name, in two folders, are two hosts. */
function hostAlias(cluster: string, stateDir: string): string {
  return `swarmup-${cluster}-${createHash('sha256').update(stateDir).digest('hex').slice(0, 6)}`;
}

function sshFile(stateDir: string): string {
  return join(stateDir, 'ssh', 'context');
}

/** It has to stand before the first Host of the file, which it would else belong to. Source: ssh_config(5), Include. */
function includeOf(stateDir: string): string {
  return `# swarmup: a Docker context goes through this\nInclude "${sshFile(stateDir)}"\n`;
}

function without(text: string, stateDir: string): string {
  return text.replace(includeOf(stateDir), '');
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await ifThere(readFile(file, 'utf8'));
  const after = change(before ?? '');
  if (after === (before ?? '')) return;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, after, { mode: 0o600 });
}

function foreign(name: string): SwarmupError {
  return new SwarmupError('CONTEXT_FOREIGN', `there is a Docker context ${name} already, which is not this cluster's`, {
    fix: 'Give this one another name: swarmup context --name NAME.',
  });
}
