import { z } from 'zod';
import { contains, isAddress, isSubnet, overlaps } from '../util/ip.ts';
import { texts } from './service/entries.ts';
import type { SubnetSpec } from './swarm-model.ts';

/** Networks of services. Source of the keys: `docker network create`. */

const cidr = () =>
  z.string().refine(isSubnet, { error: 'expected a subnet such as 10.1.0.0/24 or fd00:1::/64', abort: true });
const ip = () => z.string().refine(isAddress, { error: 'expected an IP address', abort: true });

const of = {
  gateway: ip().optional().describe('The address of its gateway.'),
  ipRange: cidr().optional().describe('The part of the subnet from which containers get addresses.'),
  auxAddresses: z
    .record(z.string(), ip())
    .optional()
    .describe('Addresses that no container gets, by a name of your choice.'),
};

/** What lies outside its subnet, by its key. */
function outside({ subnet, gateway, ipRange, auxAddresses = {} }: SubnetSpec): readonly PropertyKey[][] {
  const all: [PropertyKey[], string | undefined][] = [[['gateway'], gateway]];
  all.push([['ipRange'], ipRange]);
  for (const [name, address] of Object.entries(auxAddresses)) all.push([['auxAddresses', name], address]);
  return all.flatMap(([path, address]) => (address === undefined || contains(subnet, address) ? [] : [path]));
}

const subnet = z
  .union([
    cidr().transform((one): SubnetSpec => ({ subnet: one })),
    z.strictObject({ subnet: cidr().describe('Its addresses.'), ...of }),
  ])
  .superRefine((one: SubnetSpec, ctx) => {
    for (const path of outside(one))
      ctx.addIssue({ code: 'custom', path, message: `expected it to be in ${one.subnet}` });
  });

/** A network for services. */
export const network = z
  .strictObject({
    external: z.boolean().default(false).describe('It already exists in the swarm and is left unchanged.'),
    driver: z.string().min(1).default('overlay').describe('The driver; others than overlay usually need scope: swarm.'),
    attachable: z.boolean().default(false).describe('Whether containers outside services may join it.'),
    encrypted: z.boolean().default(false).describe('Whether traffic between nodes is encrypted (IPsec).'),
    internal: z.boolean().default(false).describe('Whether it has no connection to the outside.'),
    ingress: z.boolean().default(false).describe('Whether it is the network of the routing mesh; a swarm has one.'),
    scope: z
      .literal('swarm')
      .optional()
      .describe('swarm: every node makes it for its tasks, with driver macvlan or so.'),
    ipv4: z.boolean().optional().describe('Whether it has IPv4 addresses; default: yes.'),
    ipv6: z.boolean().optional().describe('Whether it has IPv6 addresses; default: no.'),
    mtu: z
      .int()
      .min(68)
      .max(65_535)
      .optional()
      .describe(
        "The MTU of the links between the nodes; overlay takes its own 50 bytes off. The driver's default: 1500.",
      ),
    subnet: cidr().optional().describe("Its addresses; default: a free part of the swarm's address pool."),
    ...of,
    subnets: z
      .array(subnet)
      .default([])
      .describe('Several subnets instead of one, such as one for IPv4 and one for IPv6; each may be in parts.'),
    options: texts().default({}).describe("The driver's options, as `--opt`."),
    labels: texts().default({}).describe('Labels of the network.'),
    ipamDriver: z.string().min(1).optional().describe('The driver that assigns addresses.'),
    ipamOptions: texts().default({}).describe("That driver's options."),
    configFrom: z.string().min(1).optional().describe('A network of the nodes whose configuration it has (macvlan).'),
  })
  .superRefine((one, ctx) => {
    const wrong = (path: PropertyKey[], message: string) => ctx.addIssue({ code: 'custom', path, message });
    if (one.subnet === undefined) {
      for (const key of ['gateway', 'ipRange', 'auxAddresses'] as const)
        if (one[key] !== undefined) wrong([key], 'expected it with subnet, or inside an entry of subnets');
    } else {
      if (one.subnets.length > 0) wrong(['subnets'], 'expected only one of subnet and subnets');
      for (const path of outside({ ...one, subnet: one.subnet }))
        wrong([...path], `expected it to be in ${one.subnet}`);
    }
    one.subnets.forEach(({ subnet: own }, i) => {
      if (one.subnets.slice(0, i).some((other) => overlaps(other.subnet, own)))
        wrong(['subnets', i], 'expected subnets that do not overlap');
    });
    if (one.ingress && one.attachable) wrong(['attachable'], 'expected no attachable with ingress: true');
  })
  .describe('A network of services, as `docker network create --driver overlay`.');
