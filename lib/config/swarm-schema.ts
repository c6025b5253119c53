import { z } from 'zod';
import { isAddress } from '../util/ip.ts';
import { oneOrMore, texts } from './service/entries.ts';

/** Keys of the swarm that `docker swarm init` has, beyond its address pools. */

/** Source: Linux, include/uapi/linux/if.h, IFNAMSIZ, and net/core/dev.c, dev_valid_name. */
const INTERFACE = /^[A-Za-z0-9_.-]{1,15}$/;

const isPlace = (text: string) => isAddress(text) || INTERFACE.test(text);

/** An IP address, or the name of a network interface. */
export const addressOrInterface = () =>
  z.string().refine(isPlace, { error: 'expected an IP address, or a network interface such as eth1' });

const DEFAULT_PORT = 2377;

/** `ADDRESS:PORT`, of which either part may be left out. Source: `docker swarm init --listen-addr`. */
const listen = z.string().transform((written, ctx) => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^[\]:]*))(?::(\d{1,5}))?$/.exec(written) ?? [];
  const address = bracketed ?? (plain === '' ? '0.0.0.0' : plain);
  const port = Number(digits ?? DEFAULT_PORT);
  if (address === undefined || !isPlace(address) || port < 1 || port > 65_535)
    ctx.addIssue({ code: 'custom', message: 'expected an address or a network interface, and a port: 0.0.0.0:2377' });
  return { address: address ?? '', port };
});

const authority = z.strictObject({
  url: z
    .url({ protocol: /^https$/, error: 'expected an address that begins with https://' })
    .describe('Where it signs, such as https://ca.example.org/api/v1/cfssl/sign.'),
  protocol: z.literal('cfssl').default('cfssl').describe("What it speaks; swarm knows only CFSSL's."),
  ca: z.string().min(1).optional().describe('Its root certificate in a PEM file, relative to the cluster file.'),
  options: texts().default({}).describe('Options for it.'),
});

/** The largest number that the Engine API takes for these without losing digits. */
const count = () => z.int().min(0);

export const swarmInit = {
  listen: listen
    .prefault(`0.0.0.0:${DEFAULT_PORT}`)
    .describe("Where every node listens for the swarm's own traffic: an address or a network interface, and a port."),
  dataPathAddress: addressOrInterface()
    .optional()
    .describe('The address or network interface for overlay networks; default: that of the other traffic.'),
  externalCA: oneOrMore(authority)
    .optional()
    .describe("One or more services that sign the nodes' certificates in place of the managers."),
  snapshotInterval: count()
    .min(1)
    .optional()
    .describe(
      "After how many log entries managers save a snapshot of the swarm's state (the engine's default: 10000).",
    ),
  keepOldSnapshots: count().optional().describe("How many older snapshots they keep (the engine's default: 0)."),
  logEntriesForSlowFollowers: count()
    .optional()
    .describe("How many log entries they keep for managers that are behind (the engine's default: 500)."),
};
