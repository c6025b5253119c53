import type { Engines, Hosts, Managers, RunContext, Work } from '../contracts/context.ts';
import type { Host } from '../contracts/host.ts';
import { startEngine } from '../docker/engine.ts';
import { stopDocker } from '../docker/service.ts';
import { writeSecretOn } from '../remote/write-file.ts';
import type { Secret } from '../util/secret.ts';
import { LISTEN_ADDRESS } from './addresses.ts';
import { isLocked, MANAGER_KEY, withoutLock } from './manager-key.ts';
import { requireUnlockKey } from './unlock.ts';
import { localSwarm } from './local-state.ts';
import { untilManagerIsBack } from './manager-back.ts';

/**
 * Makes a swarm with one manager out of what this one has on its disk: services, networks, secrets, configs and nodes stay, the other
 * managers are none any more. Source: docs.docker.com, "Recover from losing the quorum".
 *
 * @param node whose key isn't locked: the engine can't do this while it is (moby#36852)
 * @param address at which the other nodes know the manager; another one they would never find
 */
export async function forceNewSwarm(ctx: Work & Engines & Managers, node: string, address: string): Promise<void> {
  ctx.report(`making a swarm of ${node} alone`);
  const engine = await ctx.engine(node);
  await engine.call(`make a swarm of ${node} alone`, (docker) =>
    docker.swarmInit({ ForceNewCluster: true, ListenAddr: LISTEN_ADDRESS, AdvertiseAddr: address }),
  );
  ctx.swarm.forgetManager();
  await untilManagerIsBack(ctx, node);
}

/**
 * Takes the lock off the key of a manager that runs, which restarts its engine.
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
  ctx.report(`taking the lock off ${node}'s key`);
  await stopDocker(host, ctx.signal);
  await open();
  await startEngine(ctx, node);
}

interface LockedKey {
  /** The engine's swarm folder. */
  readonly folder: string;
  /** Asked for only where the key is locked. */
  readonly unlockKey: () => Promise<Secret>;
}

/**
 * Takes the lock off a manager's key while its engine is stopped.
 *
 * @returns what does it; undefined when the key isn't locked
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
