import type { RunContext, Work } from '../contracts/context.ts';
import { SwarmupError } from '../util/errors.ts';
import { isPresent, pull } from '../images/on-node.ts';
import * as api from '../remote/engine-api.ts';
import type { Engine } from '../contracts/engine.ts';
import { Secret } from '../util/secret.ts';
import { listNodes, listServices, listTasks, nameOf } from '../swarm/read.ts';
import { NAMESPACE_LABEL } from '../swarm/stack.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { readAndWrite } from '../swarm/versioned.ts';
import { updateService } from '../swarm/write.ts';
import { waitUntil } from '../async/wait-until.ts';
import { partOf } from '../config/portainer-images.ts';

/**
 * Portainer's own image for resetting a lost password. Source: docs.portainer.io, "Reset the admin user's password".
 */
const HELPER = 'portainer/helper-reset-password:latest';
const STOP_MS = 120_000;
const INTERVAL_MS = 300;

export type ResetContext = Pick<RunContext, 'cluster' | 'swarm' | 'remote' | 'clock' | 'images'>;

export interface ResetOptions {
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/**
 * Resets the administrator's password to one that Portainer's helper generates, while Portainer is stopped.
 * @throws SwarmupError PORTAINER_FAILED when Portainer's data can't be identified; IMAGE_UNREACHABLE
 */
export async function resetPassword(ctx: ResetContext, { signal, report }: ResetOptions): Promise<Secret> {
  const manager = await ctx.swarm.manager(signal);
  const server = await serverOf(ctx, manager);
  const volume = dataOf(server);
  const node = await nodeOf(manager, server);
  const engine = await ctx.remote.engine(node, signal);
  if (!(await isPresent(engine, HELPER))) await pull(engine, HELPER, report, await ctx.images.credentials(HELPER));
  const { Mode } = server.Spec;
  report(`stopping Portainer on ${node}`);
  await setMode(manager, server, { Replicated: { Replicas: 0 } });
  try {
    await untilStopped(manager, server, { clock: ctx.clock, signal });
    report('resetting the password');
    return await runHelper(engine, volume);
  } finally {
    await setMode(manager, server, Mode);
  }
}

async function serverOf({ cluster }: Pick<ResetContext, 'cluster'>, manager: Engine): Promise<SwarmService> {
  const stack = cluster.portainer?.stack ?? '';
  const services = await listServices(manager, { label: [`${NAMESPACE_LABEL}=${stack}`] });
  const server = services.find(({ Spec }) => partOf(Spec.TaskTemplate.ContainerSpec.Image) === 'server');
  if (server) return server;
  throw cannot(`the stack ${stack} has no service with Portainer's image`);
}

function dataOf({ Spec }: SwarmService): string {
  const mounts = Spec.TaskTemplate.ContainerSpec.Mounts ?? [];
  const data = mounts.find(({ Type, Target }) => Type === 'volume' && Target === '/data');
  if (data?.Source) return data.Source;
  throw cannot(`${Spec.Name} mounts no volume at /data`);
}

/** The name of the node it runs on or last ran on. */
async function nodeOf(manager: Engine, { ID, Spec }: SwarmService): Promise<string> {
  const [tasks, nodes] = await Promise.all([listTasks(manager, { service: [ID] }), listNodes(manager)]);
  const [newest] = tasks
    .filter(({ NodeID }) => NodeID !== undefined)
    .toSorted((one, other) => other.CreatedAt.localeCompare(one.CreatedAt));
  const node = nodes.find((one) => one.ID === newest?.NodeID);
  if (node) return nameOf(node);
  throw cannot(`${Spec.Name} never ran on a node that still exists`);
}

async function setMode(manager: Engine, service: SwarmService, mode: SwarmService['Spec']['Mode']): Promise<void> {
  await readAndWrite(async () => {
    const [now] = await listServices(manager, { id: [service.ID] });
    if (now) await updateService(manager, now, { ...now.Spec, Mode: mode });
  });
}

async function untilStopped(
  manager: Engine,
  server: SwarmService,
  { clock, signal }: Pick<Work, 'clock' | 'signal'>,
): Promise<void> {
  await waitUntil({
    until: 'Portainer has stopped',
    probe: async () => {
      const tasks = await listTasks(manager, { service: [server.ID] });
      const running = tasks.filter(({ Status }) => Status.State === 'running').length;
      return running === 0 ? { done: undefined } : { seen: `${running} tasks running` };
    },
    deadlineMs: STOP_MS,
    intervalMs: INTERVAL_MS,
    signal,
    clock,
    fix: 'See what is still running: swarmup status',
  });
}

/** Runs the helper on Portainer's data. @returns the password it generated */
async function runHelper(engine: Engine, volume: string): Promise<Secret> {
  const said = await engine.call("reset the password with Portainer's helper", (docker) =>
    api.runOnce(docker, { image: HELPER, binds: [`${volume}:/data`] }),
  );
  const password = passwordMadeUp(said);
  if (password) return password;
  throw cannot(`Portainer's helper generated no password: ${said.trim().split('\n').at(-1) ?? ''}`);
}

/** The password in the helper's output. */
export function passwordMadeUp(said: string): Secret | undefined {
  const password = /to login: (\S+)\s*$/m.exec(said)?.[1];
  return password === undefined ? undefined : new Secret(password);
}

function cannot(message: string): SwarmupError {
  return new SwarmupError('PORTAINER_FAILED', `the administrator's password can't be reset: ${message}`, {
    fix: 'See docs.portainer.io, "Reset the admin user\'s password", for how to do it by hand.',
  });
}
