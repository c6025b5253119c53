import type { Role } from '../config/model.ts';
import type { RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { engineWords } from '../remote/engine.ts';
import { asSwarmupError, messageOf, type SwarmupError } from '../util/errors.ts';
import { ownAddresses } from './addresses.ts';
import { diagnosed, type Diagnosis } from './join-diagnosis.ts';
import { leaveSwarm } from './leave-swarm.ts';
import { engineEnvironment, localSwarm } from './local-state.ts';
import { listNodes } from './read.ts';
import { removeUnfinished, type Attempt } from './unfinished.ts';

/** What joining a node needs. */
export type JoinWork = Work & Diagnosis & Pick<RunContext, 'machines'>;

/** A token that was rotated meanwhile, or whose root certificate was: a newly read one may fit. */
const OLD_TOKEN = /join token|does not match fingerprint/i;

/**
 * Joins a node that is in no swarm. When that fails, what the attempt left behind is removed from the node and from the
 * managers' list, so that the next attempt starts afresh.
 *
 * @param ready resolves when the managers see the node ready
 * @throws SwarmupError with the cause, as far as it can be found out
 */
export async function joinSwarm(ctx: JoinWork, role: Role, ready: () => Promise<void>): Promise<void> {
  const engine = await ctx.engine(ctx.node.name);
  const attempt = await attemptOf(ctx, engine, role);
  const tried = { address: '' };
  try {
    await askManagers(ctx, engine, role, tried);
    await ready();
  } catch (error) {
    ctx.signal.throwIfAborted();
    const cause = await diagnosis(ctx, asSwarmupError(error), tried.address);
    await tidyUp(ctx, engine, attempt);
    throw cause;
  }
}

async function attemptOf(ctx: JoinWork, engine: Engine, role: Role): Promise<Attempt> {
  const [nodes, { hostname }] = await Promise.all([
    ctx.swarm.manager(ctx.signal).then(listNodes),
    engineEnvironment(engine),
  ]);
  const { address } = ctx.machines.running(ctx.node.name);
  return { before: new Set(nodes.map(({ ID }) => ID)), role, hostname, address };
}

/**
 * One attempt per manager address, because the engine itself tries only the first; a rotated token is fetched once
 * more.
 */
async function askManagers(ctx: JoinWork, engine: Engine, role: Role, tried: { address: string }): Promise<void> {
  const addresses = await ctx.swarm.joinAddresses(ctx.signal);
  ctx.report(`joining as ${role}`);
  let fresh = false;
  let lastError: unknown;
  for (let i = 0; i < addresses.length; i++) {
    ctx.signal.throwIfAborted();
    tried.address = addresses[i] ?? '';
    try {
      await ask(ctx, engine, role, [...addresses.slice(i), ...addresses.slice(0, i)]);
      return;
    } catch (error) {
      const words = engineWords(error);
      // After 20 s the engine answers although it is still joining: not a failure, the wait that follows sees the
      // outcome.
      if (/Timeout was reached before node joined|already part of a swarm/i.test(words)) return;
      lastError = error;
      // The leader dials back whichever manager is asked.
      if (/prospective new cluster member/.test(words)) break;
      if (OLD_TOKEN.test(words) && !fresh) {
        fresh = true;
        ctx.swarm.forgetTokens();
        i--;
      }
    }
  }
  throw lastError;
}

async function ask(ctx: JoinWork, engine: Engine, role: Role, addresses: readonly string[]): Promise<void> {
  const tokens = await ctx.swarm.joinTokens(ctx.signal);
  await engine.call(`join the swarm at ${addresses[0]}`, (docker) =>
    docker.swarmJoin({
      ...ownAddresses(ctx, ctx.node.name),
      RemoteAddrs: addresses,
      JoinToken: tokens[role].reveal(),
    }),
  );
}

/** A diagnosis that fails itself must not hide what it was about. */
async function diagnosis(ctx: JoinWork, error: SwarmupError, address: string): Promise<SwarmupError> {
  try {
    ctx.report('looking for the cause');
    return await diagnosed(ctx, error, address);
  } catch (failure) {
    ctx.signal.throwIfAborted();
    ctx.report(`couldn't look for the cause: ${messageOf(failure)}`);
    return error;
  }
}

/**
 * An engine that ran out of time keeps on joining, or stays in the state error: it then refuses every other join. Only
 * this attempt put it there, as it was in no swarm before. A node that became a member stays one.
 */
async function tidyUp(ctx: JoinWork, engine: Engine, attempt: Attempt): Promise<void> {
  try {
    const { state } = await localSwarm(engine);
    if (state === 'active') return;
    if (state !== 'inactive') await leaveSwarm(ctx, engine, true);
    const removed = await removeUnfinished(await ctx.swarm.manager(ctx.signal), attempt);
    if (removed.length > 0) ctx.report(`removed the record of the failed join (${removed.join(', ')})`);
  } catch (error) {
    ctx.signal.throwIfAborted();
    // The join's own error is the one to act on; the record of the run keeps this one.
    ctx.report(`couldn't remove what the failed join left behind: ${messageOf(error)}`);
  }
}
