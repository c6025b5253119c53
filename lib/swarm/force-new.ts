import type { Engines, Hosts, Managers, RunContext, Work } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { startEngine } from '../docker/engine.ts';
import { stopDocker } from '../docker/service.ts';
import { writeSecretOn } from '../remote/write-file.ts';
import { messageOf } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { listenAddress } from './addresses.ts';
import { expiryOf } from './expired.ts';
import { isLocked, MANAGER_KEY, withoutLock } from './manager-key.ts';
import { requireUnlockKey } from './unlock.ts';
import { localSwarm } from './local-state.ts';
import { untilManagerIsBack } from './manager-back.ts';

/**
 * Makes a swarm with one manager from this manager's disk: services, networks, secrets, configs and nodes are kept, but
 * the others are no longer managers. Source: docs.docker.com, "Recover from losing the quorum".
 *
 * @param node whose key isn't locked: the engine can't do this with a locked one (moby#36852)
 * @param address at which the other nodes know the manager; they would not find another one
 */
export async function forceNewSwarm(
  ctx: Work & Engines & Hosts & Managers & Pick<RunContext, 'cluster'>,
  node: string,
  address: string,
): Promise<void> {
  const rebuild = async () => {
    ctx.report(`making a swarm from ${node} alone`);
    const engine = await ctx.engine(node);
    await engine.call(`make a swarm from ${node} alone`, (docker) =>
      docker.swarmInit({ ForceNewCluster: true, ListenAddr: listenAddress(ctx.cluster), AdvertiseAddr: address }),
    );
  };
  const { folder, ...local } = await localSwarm(await ctx.engine(node));
  await (expiryOf(local) ? outsideItsSwarm(ctx, { node, folder }, rebuild) : rebuild());
  ctx.swarm.forgetManager();
  await untilManagerIsBack(ctx, node);
}

/**
 * Does something with an engine that has forgotten its swarm, while certificates and Raft log stay on its disk. A member
 * that can't start, because its certificate has expired, refuses to make a new swarm from them; such an engine accepts the
 * expired certificate, and renews it. If that fails, it is a member again after its next start. Sources: moby,
 * daemon/cluster/swarm.go (Init) and utils.go; swarmkit, integration_test.go, TestForceNewCluster.
 */
async function outsideItsSwarm(
  ctx: Work & Engines & Hosts,
  { node, folder }: { readonly node: string; readonly folder: string },
  work: () => Promise<void>,
): Promise<void> {
  const host = await ctx.host(node);
  const file = `${folder}/docker-state.json`;
  ctx.report(`restarting ${node}'s engine outside its swarm`);
  await stopDocker(host, ctx.signal);
  await host.run(['mv', '-f', file, `${file}.expired`], { signal: ctx.signal });
  try {
    await startEngine(ctx, node);
    await work();
  } catch (error) {
    // Also after an interruption: without it, the engine would look like one that never was in a swarm.
    await host.run(['mv', '-f', `${file}.expired`, file]).catch((failure: unknown) => {
      ctx.report(`couldn't put ${file} back from ${file}.expired: ${messageOf(failure)}`);
    });
    throw error;
  }
  await host.run(['rm', '-f', `${file}.expired`], { signal: ctx.signal });
}

/**
 * Unlocks the key file of a running manager, which restarts its engine.
 *
 * @throws SwarmupError SWARM_LOCKED without the unlock key
 */
export async function takeLockOff(
  ctx: Work & Engines & Hosts & Pick<RunContext, 'state' | 'env'>,
  node: string,
): Promise<void> {
  const host = await ctx.host(node);
  const { folder } = await localSwarm(await ctx.engine(node));
  const open = await keyWithoutLock(host, { folder, unlockKey: () => requireUnlockKey(ctx, node) }, ctx.signal);
  if (!open) return;
  ctx.report(`unlocking the key of ${node}`);
  await stopDocker(host, ctx.signal);
  await open();
  await startEngine(ctx, node);
}

interface LockedKey {
  /** The engine's swarm folder. */
  readonly folder: string;
  /** Called only if the key is locked. */
  readonly unlockKey: () => Promise<Secret>;
}

/**
 * Unlocks a manager's key file while its engine is stopped.
 * @returns the function that does it; undefined when the key isn't locked
 * @throws SwarmupError SWARM_LOCKED without the unlock key
 */
export async function keyWithoutLock(
  host: Host,
  { folder, unlockKey }: LockedKey,
  signal: AbortSignal,
): Promise<(() => Promise<void>) | undefined> {
  const file = `${folder}/${MANAGER_KEY}`;
  const { stdout: pem } = await host.run(['cat', file], { signal, secret: true });
  if (!isLocked(pem)) return undefined;
  const open = withoutLock(pem, await unlockKey());
  return () => writeSecretOn(host, file, open, signal);
}
