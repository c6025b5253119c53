import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import type { Fetched, OverlayLink } from '../../contracts/mesh.ts';
import type { Host } from '../../contracts/host.ts';
import { INGRESS_NAMESPACE } from '../../facts/ingress-sandbox.ts';
import { interpreted, type Program } from '../../remote/interpreted.ts';
import { messageOf, SwarmupError } from '../../util/errors.ts';

/** How long a node serves at most if it isn't ended, in seconds. */
const SERVE_S = 90;
/** How long one of three tries may take, in seconds. */
const TRY_S = 5;
/** How much longer a slow host may need, in seconds. */
const LATE_S = 60;
/** Answers of these sizes are fetched, in bytes. */
const SMALL = 64;
const LARGE = 102_400;
const PING = 84;
/** In larger clusters every node asks this many neighbours, not all nodes. */
const NEIGHBOURS = 8;
/** What VXLAN adds to a packet, in bytes. */
export const VXLAN = 50;
/**
 * The MTUs of links that occur, in bytes: Ethernet, PPPoE, tunnels, clouds, VPNs. Packets of these sizes, less VXLAN's
 * own bytes, find the largest that arrives.
 */
const LINK_MTUS = [
  1500, 1492, 1480, 1476, 1460, 1450, 1440, 1430, 1420, 1412, 1400, 1380, 1360, 1350, 1300, 1280, 1200, 1100, 1000, 900,
  576,
];

/** A node with an end of the ingress network. */
export interface MeshEnd {
  readonly node: string;
  readonly host: Host;
  /** Its address there. */
  readonly address: string;
  /** The largest packet there, in bytes. */
  readonly mtu: number;
}

interface Serving {
  /** undefined: it couldn't be started. */
  readonly port: number | undefined;
  readonly reason: string;
  readonly end: () => Promise<void>;
}

/**
 * Lets every node fetch from the others through the ingress network, in their namespaces of the routing mesh. Nothing is
 * installed or deployed: a program serves there until the others have fetched, and ends with its connection.
 *
 * @param ports free TCP ports to serve on: none that a service publishes
 * @returns the links, and the nodes that couldn't be asked with the reason
 */
export async function fetchAcross(
  ends: readonly MeshEnd[],
  ports: readonly number[],
  signal: AbortSignal,
): Promise<{ readonly links: readonly OverlayLink[]; readonly unknown: ReadonlyMap<string, string> }> {
  const unknown = new Map<string, string>();
  if (ends.length < 2) return { links: [], unknown };
  const program = await loadProgram();
  const serving = await Promise.all(ends.map((end) => serve(end, { program, ports, signal })));
  try {
    serving.forEach(({ port, reason }, i) => port === undefined && unknown.set(ends[i]?.node ?? '', reason));
    const links = await Promise.all(
      ends.map(async (from, i) => {
        const targets = neighboursOf(ends, i).flatMap((to) => {
          const port = serving[ends.indexOf(to)]?.port;
          return port === undefined ? [] : [{ to, port }];
        });
        try {
          return await fetchFrom(from, targets, program, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof SwarmupError)) throw error;
          unknown.set(from.node, messageOf(error));
          return [];
        }
      }),
    );
    return { links: links.flat(), unknown };
  } finally {
    await Promise.all(serving.map(({ end }) => end()));
  }
}

async function loadProgram(): Promise<Program> {
  const [perl, python] = await Promise.all(
    ['fetch.pl', 'fetch.py'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  );
  return { name: 'swarmup-fetch', perl: perl ?? '', python: python ?? '' };
}

function neighboursOf(ends: readonly MeshEnd[], i: number): readonly MeshEnd[] {
  return [...ends.slice(i + 1), ...ends.slice(0, i)].slice(0, NEIGHBOURS);
}

function inside(command: readonly string[]): string[] {
  return ['nsenter', `--net=${INGRESS_NAMESPACE}`, ...command];
}

/** Resolves when it serves, or can't. */
async function serve(
  { host, address }: MeshEnd,
  {
    program,
    ports,
    signal,
  }: { readonly program: Program; readonly ports: readonly number[]; readonly signal: AbortSignal },
): Promise<Serving> {
  const input = new PassThrough();
  const { promise, resolve } = Promise.withResolvers<Omit<Serving, 'end'>>();
  const onLine = (line: string) => {
    const port = /^serving (\d+)$/.exec(line)?.[1];
    if (port !== undefined) resolve({ port: Number(port), reason: '' });
  };
  const failed = (reason: string) => resolve({ port: undefined, reason });
  const command = inside(interpreted(program, ['serve', String(SERVE_S), address, ...ports.map(String)]));
  const limits = { signal, withinMs: (SERVE_S + LATE_S) * 1000 };
  const ended = host.run(command, { ...limits, input, onLine, okExit: 'any' }).then(
    ({ stderr }) => failed(stderr.trim() || 'it has neither Perl nor Python'),
    (error: unknown) => failed(messageOf(error)),
  );
  const started = await promise;
  return {
    ...started,
    // It ends with its input, and otherwise by itself.
    end: async () => {
      input.end();
      await ended;
    },
  };
}

interface Target {
  readonly to: MeshEnd;
  readonly port: number;
}

async function fetchFrom(
  from: MeshEnd,
  targets: readonly Target[],
  program: Program,
  signal: AbortSignal,
): Promise<OverlayLink[]> {
  if (targets.length === 0) return [];
  const input = targets
    .flatMap((target) => Object.values(linesOf(from, target)).flat())
    .map((line) => `${line}\n`)
    .join('');
  const { stdout } = await from.host.run(inside(interpreted(program, ['fetch', String(TRY_S)])), {
    signal,
    input,
    withinMs: (3 * TRY_S + LATE_S) * 1000,
  });
  const answers = new Map(
    stdout.split('\n').flatMap((line) => {
      const [, asked, answer] = /^(\S+ [\d.]+ \d+ \d+) (ok|fail .*)$/.exec(line) ?? [];
      return asked === undefined || answer === undefined ? [] : [[asked, answer] as const];
    }),
  );
  return targets.map((target) => linkOf(from, target, answers));
}

/** The program's questions about one link. */
function linesOf({ mtu }: MeshEnd, { to, port }: Target) {
  const sizes = [mtu, ...LINK_MTUS.map((size) => size - VXLAN).filter((size) => size < mtu)];
  return {
    ping: `icmp ${to.address} 0 ${PING}`,
    small: `tcp ${to.address} ${port} ${SMALL}`,
    large: `tcp ${to.address} ${port} ${LARGE}`,
    packets: sizes.map((size) => `icmp ${to.address} 0 ${size}`),
  };
}

function linkOf(from: MeshEnd, target: Target, answers: ReadonlyMap<string, string>): OverlayLink {
  const lines = linesOf(from, target);
  const fetched = (line: string): Fetched => {
    const answer = answers.get(line) ?? 'fail no answer';
    return answer === 'ok' ? { ok: true } : { ok: false, reason: answer.replace(/^fail /, '').toLowerCase() };
  };
  const arrived = lines.packets.filter((line) => fetched(line).ok).map((line) => Number(line.split(' ')[3]));
  return {
    from: from.node,
    to: target.to.node,
    ping: fetched(lines.ping).ok,
    small: fetched(lines.small),
    large: fetched(lines.large),
    packets: { allowed: from.mtu, arrived: Math.max(0, ...arrived) },
  };
}
