import type { Engines, Managers, RunContext, Warnings, Work } from '../contracts/context.ts';
import { messageOf } from '../util/errors.ts';
import { pagesThatAnswer, untilPageAnswers, type PageRequests } from './http-checks.ts';
import { pagesOf, type Page } from './pages.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Secret } from '../util/secret.ts';
import { waitUntil } from '../async/wait-until.ts';
import { lookAt } from './wait-converged.ts';
import { drainNode, setAvailability } from './drain.ts';
import { localSwarm } from './local-state.ts';
import { untilManagerIsBack } from './manager-back.ts';
import { requireMajorityDuring } from './quorum.ts';
import { listNodes, listServices, listTasks, nameOf } from './read.ts';
import { unlockKeyOf } from './settings.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import { unlockManager } from './unlock.ts';

const ELSEWHERE_MS = 300_000;
const READY_MS = 180_000;
const CONVERGED_MS = 420_000;
const INTERVAL_MS = 300;

/** What draining a node and bringing it back needs. */
export type Maintenance = Work & Engines & Managers & PageRequests & Warnings & Pick<RunContext, 'cluster'>;

/**
 * Does work on one node that stops its engine, without downtime: its tasks move away first, and everything that ran and
 * answered before has to do so again afterwards.
 * @param work leaves the engine running
 * @throws SwarmupError QUORUM_AT_RISK before anything is changed; TIMED_OUT, HTTP_CHECK_FAILED when it doesn't come
 * back as before
 */
export async function withNodeDrained(ctx: Maintenance, node: SwarmNode, work: () => Promise<void>): Promise<void> {
  const name = nameOf(node);
  const manager = await managerFor(ctx, name);
  requireMajorityDuring(await listNodes(manager), node);
  const pages = await pagesThatAnswer(ctx, name, staying(ctx));
  const services = await steadyServices(manager);
  // Read now, as a locked manager doesn't return it.
  const key = node.ManagerStatus ? await unlockKeyOf(manager) : undefined;
  const { Availability: availability } = node.Spec;
  const giveBack = async () => setAvailability(await managerFor(ctx, name), { name, id: node.ID }, availability);
  try {
    if (availability === 'active') await emptied(ctx, manager, node, services);
    await work();
    await back(ctx, node, key);
  } catch (error) {
    // An unchanged node continues to work. The first error is the one to report.
    if (!ctx.signal.aborted) {
      await giveBack().catch((cause: unknown) =>
        ctx.warn(`${name} may still be drained (swarmup activate ${name}): ${messageOf(cause)}`),
      );
    }
    throw error;
  }
  await giveBack();
  await converged(ctx, name, services);
  await answering(ctx, name, pages);
}

/** A port in host mode may move away with its task, and needn't answer here afterwards. */
function staying({ cluster }: Pick<RunContext, 'cluster'>): readonly Page[] {
  return pagesOf(cluster).filter(({ moves }) => !moves);
}

/** A manager other than this node if there is one, to be asked while this node restarts. */
async function managerFor(ctx: Engines & Managers, node: string): Promise<Engine> {
  const managers = (await ctx.swarm.nodes(ctx.signal)).filter(({ ManagerStatus }) => ManagerStatus);
  const others = managers.filter((one) => nameOf(one) !== node);
  return others.length > 0 ? ctx.swarm.managerBeside(node, ctx.signal) : ctx.engine(node);
}

/** The number of running tasks of each service, by service ID. */
type Steady = ReadonlyMap<string, number>;

/** The services that have converged, which they have to be afterwards too. */
async function steadyServices(manager: Engine): Promise<Steady> {
  const services = await listServices(manager);
  const all = await lookAt(
    manager,
    services.map(({ ID }) => ID),
  );
  return new Map(
    all.filter(({ waitingFor }) => waitingFor === '').map(({ service, running }) => [service.ID, running]),
  );
}

/** Drains a node until it runs nothing, and its tasks run elsewhere if they can. */
async function emptied(work: Work, manager: Engine, node: SwarmNode, services: Steady): Promise<void> {
  const name = nameOf(node);
  work.report('draining');
  await drainNode(work, manager, { name, id: node.ID });
  if (services.size === 0) return;
  await waitUntil({
    until: `the tasks of ${name} run elsewhere`,
    probe: async () => {
      const tasks = await listTasks(manager, { service: [...services.keys()] });
      // Tasks that fit on no other node stay pending until this one is back.
      const starting = tasks.filter(
        ({ DesiredState, Status: { State } }) =>
          DesiredState === 'running' && State !== 'running' && State !== 'pending',
      );
      return starting.length === 0 ? { done: undefined } : { seen: `${starting.length} tasks starting elsewhere` };
    },
    deadlineMs: ELSEWHERE_MS,
    intervalMs: INTERVAL_MS,
    signal: work.signal,
    clock: work.clock,
    fix: 'See which tasks, and why: swarmup status',
    onSeen: (seen) => work.report(seen),
  });
}

async function back(ctx: Work & Engines & Managers, node: SwarmNode, key: Secret | undefined): Promise<void> {
  const name = nameOf(node);
  ctx.swarm.forgetManager();
  if (node.ManagerStatus) {
    if (key && (await localSwarm(await ctx.engine(name))).state === 'locked') await unlockManager(ctx, name, key);
    await untilManagerIsBack(ctx, name);
  }
  await waitUntil({
    until: `the managers see ${name} ready`,
    probe: async () => {
      const now = (await listNodes(await managerFor(ctx, name))).find(({ ID }) => ID === node.ID);
      return now?.Status.State === 'ready'
        ? { done: undefined }
        : { seen: `it is ${now?.Status.State ?? 'not known'}` };
    },
    deadlineMs: READY_MS,
    intervalMs: INTERVAL_MS,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: `The other nodes were not changed. Its log: swarmup ssh ${name} -- sudo journalctl -u docker -n 50`,
    onSeen: (seen) => ctx.report(`waiting until ready; ${seen}`),
  });
}

async function converged(ctx: Work & Managers, name: string, services: Steady): Promise<void> {
  await waitUntil({
    until: `all services run as before the work on ${name}`,
    probe: async () => {
      const all = await lookAt(await ctx.swarm.manager(ctx.signal), [...services.keys()]);
      const seen = all
        .map((one) => ({ ...one, before: services.get(one.service.ID) ?? 0 }))
        // A global service counts as complete before it has noticed the additional node.
        .filter(({ waitingFor, running, before }) => waitingFor !== '' || running < before)
        .map(
          ({ service: { Spec }, waitingFor, running, before }) =>
            `${Spec.Name}: ${waitingFor === '' ? `${running}/${before} running` : waitingFor}`,
        )
        .join('; ');
      return seen === '' ? { done: undefined } : { seen };
    },
    deadlineMs: CONVERGED_MS,
    intervalMs: INTERVAL_MS,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'The other nodes were not changed. See the tasks and their errors: swarmup status',
    onSeen: (seen) => ctx.report(seen),
  });
}

async function answering(ctx: Work & Managers & PageRequests, name: string, pages: readonly Page[]): Promise<void> {
  for (const page of pages) {
    ctx.report(`checking ${page.of} over HTTP`);
    await untilPageAnswers(ctx, name, page);
  }
}
