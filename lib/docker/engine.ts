import type { Engines, Hosts, RunContext, Work } from '../contracts/context.ts';
import { hasCode } from '../util/errors.ts';
import { gather } from '../remote/gather-facts.ts';
import { osRelease, type OsRelease } from '../facts/os-release.ts';
import { waitUntil } from '../async/wait-until.ts';
import { fetchDocker, installDocker, type InstallOptions } from './install.ts';
import { behindProxy } from './proxy.ts';
import { engineLog, lastLog, restartDocker, startDocker } from './service.ts';
import { startError } from './start-failure.ts';

/** What an installation of Docker by the cluster file needs. */
export type Installation = Hosts & Work & Pick<RunContext, 'cluster'>;

const ENGINE_START_MS = 180_000;
/** systemd has tried several times, and each try has its lines. */
const LOG_LINES = 60;

/** An engine that answers. */
export interface EngineState {
  readonly version: string;
  /** Whether it is in a swarm, and runs that swarm's tasks. */
  readonly isMember: boolean;
}

interface EngineInfo {
  readonly ServerVersion: string;
  readonly Swarm?: { readonly LocalNodeState?: string };
}

/** Source: GET /info. Undefined when no engine answers. */
export async function engineState(ctx: Engines, node: string): Promise<EngineState | undefined> {
  try {
    const engine = await ctx.engine(node);
    const info: EngineInfo = await engine.call('ask for its version', (docker): Promise<EngineInfo> => docker.info());
    return { version: info.ServerVersion, isMember: info.Swarm?.LocalNodeState === 'active' };
  } catch (error) {
    if (hasCode(error, 'ENGINE_UNREACHABLE')) return undefined;
    throw error;
  }
}

/**
 * Installs Docker by the settings of the cluster file.
 * @param known the node's system, if it has been read already
 * @param fetched what `fetchEngine` chose
 */
export async function installEngine(
  ctx: Installation,
  node: string,
  { known, fetched }: { readonly known?: OsRelease | undefined; readonly fetched?: readonly string[] } = {},
): Promise<void> {
  await installDocker(behindProxy(await ctx.host(node), ctx.cluster), await optionsFor(ctx, node, known), fetched);
}

/** Downloads everything that `installEngine` needs to the node, while its containers keep running. */
export async function fetchEngine(ctx: Installation, node: string): Promise<readonly string[]> {
  return fetchDocker(behindProxy(await ctx.host(node), ctx.cluster), await optionsFor(ctx, node));
}

async function optionsFor(ctx: Installation, node: string, known?: OsRelease): Promise<InstallOptions> {
  const { cluster, clock, report, signal } = ctx;
  const os = known ?? (await gather(await ctx.host(node), { os: osRelease }, signal)).os;
  return { os, docker: cluster.docker, clock, report, signal };
}

/**
 * Starts the engine, now and after every boot, and waits until it answers.
 * @throws SwarmupError ENGINE_START_FAILED or DAEMON_CONFIG_INVALID with the reason in the engine's log
 */
export async function startEngine(ctx: Work & Engines & Hosts, node: string): Promise<EngineState> {
  const host = await ctx.host(node);
  try {
    await startDocker(host, ctx.signal);
    return await untilEngineAnswers(ctx, node);
  } catch (error) {
    if (!hasCode(error, 'COMMAND_FAILED', 'TIMED_OUT')) throw error;
    throw startError(node, await lastLog(host, ctx.signal, LOG_LINES), error);
  }
}

/** Like `startEngine`, for an engine that may be running. */
export async function restartEngine(ctx: Work & Engines & Hosts, node: string): Promise<EngineState> {
  await restartDocker(await ctx.host(node), ctx.signal);
  return untilEngineAnswers(ctx, node);
}

/** @throws SwarmupError TIMED_OUT */
export async function untilEngineAnswers(ctx: Work & Engines, node: string): Promise<EngineState> {
  return waitUntil({
    until: `the Docker Engine on ${node} answers`,
    probe: async () => {
      const engine = await engineState(ctx, node);
      return engine === undefined ? { seen: 'no answer on /var/run/docker.sock' } : { done: engine };
    },
    deadlineMs: ENGINE_START_MS,
    intervalMs: 500,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: engineLog(node),
    onSeen: () => ctx.report('waiting for the Docker Engine'),
  });
}
