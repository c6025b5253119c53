import { z } from 'zod';

/** A port of a service, as the Engine API has it. */
export interface ServicePort {
  /** Undefined: Swarm chooses one. */
  readonly published?: number | undefined;
  readonly target: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** host: only on nodes with a task, bypassing the routing mesh. */
  readonly mode: 'ingress' | 'host';
  /** Which entry of the file's list it came from. */
  readonly entry?: number;
}

type Port = Omit<ServicePort, 'entry'>;

const SHORT = /^(?:(\d{1,5})(?:-(\d{1,5}))?:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;
const EXPECTED =
  "expected PUBLISHED:TARGET in quotes, such as '80:80', '53:53/udp', '8000-8010:80-90', or a target such as '80'";

/** The ports of a short form. Source: docker/go-connections, nat.ParsePortSpec. @returns why there are none */
function shortPorts(written: string): readonly Port[] | string {
  const [whole, published, publishedEnd, target, targetEnd, protocol = 'tcp'] = SHORT.exec(written) ?? [];
  if (whole === undefined) return EXPECTED;
  const targets = range(target, targetEnd);
  const all = published === undefined ? undefined : range(published, publishedEnd);
  if (!targets || (published !== undefined && !all))
    return 'expected port numbers from 1 to 65535, the smaller one first';
  if (all && targets.length !== 1 && targets.length !== all.length)
    return `expected two ranges of the same length, or one target: ${all.length} published, ${targets.length} targets`;
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
  const common = { protocol: protocol.toLowerCase() as Port['protocol'], mode: 'ingress' as const };
  if (!all) return targets.map((one) => ({ target: one, ...common }));
  return all.map((one, i) => ({ published: one, target: targets[i] ?? targets[0] ?? one, ...common }));
}

function range(first = '', last = first): readonly number[] | undefined {
  const [from, to] = [Number(first), Number(last)];
  if (from < 1 || to > 65_535 || to < from) return undefined;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const number = () => z.int().min(1).max(65_535);

const short = z.union([z.string(), number()]).transform((written, ctx): readonly Port[] => {
  const ports = shortPorts(String(written));
  if (typeof ports !== 'string') return ports;
  ctx.addIssue({ code: 'custom', message: ports });
  return [];
});

const long = z
  .strictObject({
    published: z.int().min(0).max(65_535).optional().describe('The port on the nodes; default: Swarm chooses one.'),
    target: number().describe('The port in the containers.'),
    protocol: z.enum(['tcp', 'udp', 'sctp']).default('tcp').describe('Of the transport layer.'),
    mode: z
      .enum(['ingress', 'host'])
      .default('ingress')
      .describe('host: only on nodes with a task, bypassing the routing mesh.'),
  })
  .transform(({ published, ...rest }): readonly Port[] => [{ ...(published ? { published } : {}), ...rest }]);

/** Published ports; each entry may stand for several. */
export const ports = () =>
  z
    .array(z.union([short, long]))
    .transform((entries) => entries.flatMap((all, entry): ServicePort[] => all.map((one) => ({ ...one, entry }))))
    .default([])
    .describe(
      "Published ports, such as ['80:80', '53:53/udp', '8000-8010:80-90']; '80' alone lets Swarm choose the published one. " +
        'As parts, with mode: host to bypass the routing mesh.',
    );
