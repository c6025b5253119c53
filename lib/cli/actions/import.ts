import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { parseCluster } from '../../config/load.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { CONFIGURATION } from '../../docker/daemon-file.ts';
import { SwarmupError } from '../../util/errors.ts';
import { gather } from '../../remote/gather-facts.ts';
import { exists } from '../../util/files.ts';
import { clusterText, type WrittenCluster } from '../../import/cluster-text.ts';
import { fromDockerMachine } from '../../import/docker-machine.ts';
import { fromSwarm, type Access, type ImportedSwarm } from '../../import/swarm/index.ts';
import { writtenDocker } from '../../import/swarm/docker.ts';
import { stacksLeft, writeStacks } from '../../import/swarm/stack-files.ts';
import { providerRegistry } from '../../providers/index.ts';
import { print, writeStderr } from '../../render/output.ts';
import type { CommonOptions } from '../options.ts';
import { withSession } from '../session.ts';

/** What both kinds of import understand. */
interface ImportOptions extends Pick<CommonOptions, 'yes' | 'acceptNew'> {
  readonly name: string;
  /** Where the file is written; default: standard output. */
  readonly output?: string;
}

/** Machines that docker-machine made, as a cluster file. */
export async function importDockerMachine(options: ImportOptions & { store?: string }): Promise<number> {
  const store = options.store ?? process.env['MACHINE_STORAGE_PATH'] ?? join(homedir(), '.docker', 'machine');
  await write(await fromDockerMachine(resolve(store), options.name), options);
  return 0;
}

export interface SwarmImportOptions extends ImportOptions, Access {
  readonly manager: string;
}

/** An existing swarm, as a cluster file for which `plan` shows no changes. */
export async function importSwarm(options: SwarmImportOptions): Promise<number> {
  const { manager: address, user, port, identityFile, bastion, sshConfig, acceptNew } = options;
  await requireFree(options);
  const file = resolve(options.output ?? 'swarmup.yaml');
  const path = (one: string | undefined) =>
    one === undefined ? undefined : relative(dirname(file), resolve(one)) || '.';
  const access: Access = { user, port, bastion, identityFile: path(identityFile), sshConfig: path(sshConfig) };
  const provider = omitUndefined({ type: 'hosts', ...access });
  const nodes = [{ name: 'manager', role: 'manager', address }];
  const cluster = await parseCluster(stringify({ name: options.name, provider, nodes }), {
    file,
    shown: 'the options',
    stateRoot: join(dirname(file), '.swarmup'),
    env: process.env,
    providers: providerRegistry,
  });
  return withSession(cluster, { acceptNew, asRoot: true }, async ({ context, signal }) => {
    const engine = await gather(await context.remote.host('manager', signal), CONFIGURATION, signal);
    const { docker, notes: left } = writtenDocker(engine);
    const manager = await context.swarm.manager(signal);
    const swarm = await fromSwarm(manager, { name: options.name, provider, address, providers: providerRegistry });
    const { stacks, notes } = await stacksOf(swarm, options);
    await write({ ...swarm.cluster, docker, ...omitUndefined({ stacks }), notes: [...notes, ...left] }, options);
    return 0;
  });
}

/** The stacks, as the cluster file names them, and all its notes. */
async function stacksOf({ cluster, stacks, found }: ImportedSwarm, { output }: ImportOptions) {
  if (output === undefined) return { stacks: undefined, notes: [...cluster.notes, ...stacksLeft(stacks)] };
  const env = { ...process.env, ...found.env };
  const written = await writeStacks(stacks, dirname(resolve(output)), { ...found, env });
  return { stacks: written.stacks, notes: [...cluster.notes, ...written.notes] };
}

/** @throws SwarmupError NEEDS_CONFIRMATION if the file exists and may not be overwritten */
async function requireFree({ output, yes }: ImportOptions): Promise<void> {
  if (output === undefined || yes || !(await exists(output))) return;
  throw new SwarmupError('NEEDS_CONFIRMATION', `${output} exists`, {
    fix: 'Name another file, or overwrite it with --yes.',
  });
}

async function write(cluster: WrittenCluster, options: ImportOptions): Promise<void> {
  const { output } = options;
  const text = clusterText(cluster);
  if (output === undefined) return print(text);
  await requireFree(options);
  await writeFile(output, text);
  writeStderr(`${output}: ${cluster.nodes.length} nodes. Look at it, then: swarmup plan -f ${output}\n`);
}
