import { z } from 'zod';
import { isAddress } from '../../util/ip.ts';
import { oneOrMore, text } from './entries.ts';

/** A line of /etc/hosts. */
export interface ExtraHost {
  readonly name: string;
  readonly address: string;
}

const EXPECTED = 'expected NAME:ADDRESS, such as db:10.0.0.9, db=[fd00::9] or db:host-gateway';

/** Source: docker/cli, opts/hosts.go, ValidateExtraHost. */
function addressOf(written: string): string | undefined {
  const address = /^\[(.+)\]$/.exec(written)?.[1] ?? written;
  return address === 'host-gateway' || isAddress(address) ? address : undefined;
}

const entry = z.string().transform((written, ctx): ExtraHost => {
  const [, name = '', value = ''] = /^([^=:\s]+)[=:](.*)$/.exec(written) ?? [];
  const address = addressOf(value);
  if (address === undefined) ctx.addIssue({ code: 'custom', message: EXPECTED });
  return { name, address: address ?? '' };
});

const address = z.string().transform((written, ctx): string => {
  const found = addressOf(written);
  if (found === undefined) ctx.addIssue({ code: 'custom', message: 'expected an IP address, or host-gateway' });
  return found ?? '';
});

const hostName = z.string().regex(/^[^=:\s]+$/, { error: 'expected a host name' });

/** Names and addresses for /etc/hosts: a map, whose values may be lists, or a list of `NAME:ADDRESS`. */
export const extraHosts = () =>
  z
    .union([
      z.array(entry),
      z
        .record(hostName, z.union([address, z.array(address)]))
        .transform((map) =>
          Object.entries(map).flatMap(([name, found]) => [found].flat().map((one) => ({ name, address: one }))),
        ),
    ])
    .optional()
    .describe(
      'Additional names and addresses in /etc/hosts: a map, or a list of NAME:ADDRESS; host-gateway is the node.',
    );

const ip = z.string().refine(isAddress, { error: 'expected an IP address' });

export const dns = () => oneOrMore(ip).optional().describe('DNS servers of the containers.');

/** A domain, or a dot for none. Source: docker/cli, opts/opts.go, ValidateDNSSearch. */
const domain = text().refine(
  (one) => one === '.' || /^(?=.*[A-Za-z])[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/.test(one),
  {
    error: 'expected a domain, or a dot for none',
  },
);

export const dnsSearch = () =>
  oneOrMore(domain).optional().describe('Domains in which host names are looked up; a dot for none.');
