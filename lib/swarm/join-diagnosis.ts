import { quoteThroughSsh } from '../util/shell-quote.ts';
import type { Engines, Hosts, Managers, OnNode, RunContext } from '../contracts/context.ts';
import type { SwarmNode } from '../contracts/swarm-types.ts';
import { wallClock } from '../facts/wall-clock.ts';
import { engineWords } from '../remote/engine.ts';
import { gather } from '../remote/gather-facts.ts';
import { hasCode, SwarmupError } from '../util/errors.ts';
import { blockedBetween, dialBackFailed, joinFailed, type FailedPair } from './dial-back.ts';
import { engineEnvironment, localSwarm } from './local-state.ts';
import { listNodes, nameOf } from './read.ts';

/** What finding the cause of a failed join needs. */
export type Diagnosis = Engines &
  Hosts &
  Managers &
  OnNode &
  Pick<RunContext, 'cluster' | 'machines' | 'preflight' | 'clock'>;

const DIALS_BACK = /could not connect to prospective new cluster member/;
const CLOCK = /not yet valid|not valid before/;
const PROXY = /certificate is not valid for any names|certificate is valid for .*, not swarm-/;
const FOREIGN_CA = /remote CA does not match fingerprint/;
const UNREACHABLE = /code = (Unavailable|DeadlineExceeded)|no route to host|connection refused|Timeout was reached/;

/**
 * The error of a failed join with its cause, which is looked for where the engine's words only name a symptom. Where
 * nothing is found, it is the same error.
 */
export async function diagnosed(ctx: Diagnosis, error: SwarmupError, address: string): Promise<SwarmupError> {
  const words = `${engineWords(error)} ${error.message}`;
  if (DIALS_BACK.test(words)) return dialBackFailed(await pairOf(ctx), error);
  if (CLOCK.test(words)) return skewed(ctx, error);
  if (PROXY.test(words)) return proxied(ctx, error, address);
  if (FOREIGN_CA.test(words)) return otherSwarm(ctx, error, address);
  if (hasCode(error, 'TIMED_OUT') || UNREACHABLE.test(words)) return blocked(ctx, error);
  return error;
}

async function pairOf(ctx: Diagnosis): Promise<FailedPair> {
  const { node, cluster, machines, signal } = ctx;
  const leader = await leaderOf(ctx);
  const port = cluster.swarm.listen.port;
  const links = leader === undefined ? [] : await ctx.preflight.between([leader, node.name], signal);
  return { node: node.name, address: machines.running(node.name).address, port, leader: leader ?? 'leader', links };
}

async function leaderOf({ swarm, signal, cluster }: Diagnosis): Promise<string | undefined> {
  const nodes: readonly SwarmNode[] = await listNodes(await swarm.manager(signal));
  const leader = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader);
  const name = leader && nameOf(leader);
  return cluster.nodes.find((node) => node.name === name)?.name;
}

/** A symptom of many causes: the error stays unless a port between the two nodes is blocked. */
async function blocked(ctx: Diagnosis, error: SwarmupError): Promise<SwarmupError> {
  const pair = await pairOf(ctx);
  const found = blockedBetween(pair);
  return found === '' ? error : joinFailed(`${ctx.node.name} can't join the swarm: ${found}`, pair, error);
}

/** Which of two clocks is wrong, as seen from here: the one that is further from this computer's. */
async function skewed(ctx: Diagnosis, error: SwarmupError): Promise<SwarmupError> {
  const leader = await leaderOf(ctx);
  if (leader === undefined) return error;
  const [own, other] = await Promise.all([aheadMs(ctx, ctx.node.name), aheadMs(ctx, leader)]);
  const behind = own < other ? ctx.node.name : leader;
  const ahead = behind === leader ? ctx.node.name : leader;
  const wrong = Math.abs(own) >= Math.abs(other) ? ctx.node.name : leader;
  return new SwarmupError(
    'SWARM_CERTIFICATE',
    `${ctx.node.name} can't join the swarm: the clock of ${behind} is ${duration(Math.abs(own - other))} behind that of ${ahead}, so the certificate isn't valid there yet`,
    {
      fix: `Set the clock of ${wrong}, and keep it synchronised: swarmup ssh ${wrong} -- sudo timedatectl set-ntp true; then run again: swarmup up`,
      cause: error,
      transient: false,
    },
  );
}

async function aheadMs(ctx: Diagnosis, node: string): Promise<number> {
  const host = await ctx.host(node);
  const start = ctx.clock.now();
  const { clock } = await gather(host, { clock: wallClock }, ctx.signal);
  return clock - (start + ctx.clock.now()) / 2;
}

/** In the largest unit that tells it. */
function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

/** A proxy that swarm's traffic goes through. Its password isn't in the engine's answer. Source: moby, daemon/info.go. */
async function proxied(ctx: Diagnosis, error: SwarmupError, address: string): Promise<SwarmupError> {
  const { node, cluster } = ctx;
  const { proxy, noProxy } = await engineEnvironment(await ctx.engine(node.name));
  if (proxy === '') return error;
  const at = address.replace(/:\d+$/, '');
  const wanted = [...new Set([...cluster.docker.noProxy, at])].join(', ');
  return new SwarmupError(
    'JOIN_FAILED',
    `${node.name} can't join the swarm: its engine connects to ${address} through the proxy ${withoutUser(proxy)}, which answers with a certificate of its own (NO_PROXY is ${noProxy === '' ? 'empty' : noProxy})`,
    {
      fix:
        cluster.docker.proxy === undefined
          ? `Add ${at} to the engine's NO_PROXY where the proxy is set (swarmup ssh ${node.name} -- systemctl cat docker), then restart it: swarmup ssh ${node.name} -- ${RESTART}`
          : `Exclude it: docker: { noProxy: [${wanted}] } in the cluster file; then run again: swarmup up`,
      cause: error,
      transient: false,
    },
  );
}

/** The engine reads its proxy when it starts. */
const RESTART = quoteThroughSsh(['sudo', 'sh', '-c', 'systemctl daemon-reload && systemctl restart docker']);

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

/** Whose swarm the address belongs to, and whose the token is. */
async function otherSwarm(ctx: Diagnosis, error: SwarmupError, address: string): Promise<SwarmupError> {
  const at = address.replace(/:\d+$/, '');
  const manager = await ctx.swarm.manager(ctx.signal);
  const own = (await localSwarm(manager)).clusterId ?? 'unknown';
  const there = ctx.cluster.nodes.find(({ name }) => ctx.machines.get(name)?.address === at)?.name;
  const other = there === undefined ? undefined : (await localSwarm(await ctx.engine(there))).clusterId;
  const whose =
    there === undefined
      ? `${address} is no node of the cluster file`
      : other === own
        ? `${there} at ${address} is in the same cluster, so something between them answers in its place`
        : `${there} at ${address} is in the cluster ${other ?? 'unknown'}`;
  return new SwarmupError(
    'SWARM_FOREIGN',
    `${ctx.node.name} can't join the swarm: the manager at ${address} has another root certificate than the join token, which ${manager.node} of the cluster ${own} gave; ${whose}`,
    {
      fix: `Check which machine has the address ${at} (two machines may share it), and what it says: swarmup exec --role manager -- sudo docker info --format '{{.Swarm.Cluster.ID}} {{.Swarm.NodeAddr}}'`,
      cause: error,
      transient: false,
    },
  );
}
