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
import { passwdHome } from './passwd-home.ts';

/** The paths of the user's Docker and OpenSSH configuration. */
export interface ClientFolders {
  /** `~/.docker`, or DOCKER_CONFIG. */
  readonly docker: string;
  /** `~/.ssh/config`, or SWARMUP_SSH_CONFIG. */
  readonly sshConfig: string;
}

/** A Docker context of a cluster: what `docker --context NAME` needs to reach a manager over SSH. */
export interface DockerContext {
  readonly name: string;
  readonly cluster: string;
  /** The cluster's state folder, which identifies the context's cluster. */
  readonly stateDir: string;
  readonly manager: Machine;
  readonly knownHostsFile: string;
}

/** Docker keeps each context in a folder named after the hash of its name. Source: docker/cli, cli/context/store. */
const metaSchema = z.looseObject({
  Name: z.string(),
  Metadata: z.looseObject({ SwarmupFolder: z.string().optional() }).default({}),
});

/**
 * Docker's client looks in $HOME; the ssh that it runs looks in the home of the passwd entry. Sources: docker/cli,
 * cli/config; ssh_config(5).
 */
export function clientFolders(env: Readonly<Record<string, string | undefined>>): ClientFolders {
  return {
    docker: env['DOCKER_CONFIG'] ?? join(env['HOME'] || homedir(), '.docker'),
    sshConfig: env['SWARMUP_SSH_CONFIG'] ?? join(passwdHome(), '.ssh', 'config'),
  };
}

/**
 * Writes the context, and the host it names into OpenSSH's configuration: the address, the key and the pinned host key,
 * included from the user's own file by one line. Everything else in there is kept.
 * @throws SwarmupError CONTEXT_FOREIGN when a context of that name exists and isn't this cluster's
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

/** The names of the contexts written for a cluster. */
export async function contextsOf(stateDir: string, { docker }: ClientFolders): Promise<readonly string[]> {
  const folder = join(docker, 'contexts', 'meta');
  const entries = (await ifThere(readdir(folder))) ?? [];
  const metas = await Promise.all(entries.map((entry) => readMeta(join(folder, entry, 'meta.json'))));
  return metas.flatMap((meta) => (meta?.Metadata.SwarmupFolder === stateDir ? [meta.Name] : []));
}

/** Removes what `writeContext` wrote for a cluster. */
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

/** Clusters with the same name in different folders get different hosts. */
function hostAlias(cluster: string, stateDir: string): string {
  return `swarmup-${cluster}-${createHash('sha256').update(stateDir).digest('hex').slice(0, 6)}`;
}

function sshFile(stateDir: string): string {
  return join(stateDir, 'ssh', 'context');
}

/**
 * It has to come before the first Host of the file; otherwise it would belong to that Host. Source: ssh_config(5),
 * Include.
 */
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
  return new SwarmupError('CONTEXT_FOREIGN', `a Docker context ${name} exists, but does not belong to this cluster`, {
    fix: 'Choose another name: swarmup context --name NAME.',
  });
}
