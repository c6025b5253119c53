import type { ServiceSpec } from '../../config/model.ts';
import { asList, container, listed, plain, text, unordered, words, type Field, type Json } from './field.ts';

/** A value that the managers fill in when it isn't set. */
function filledIn(field: Field, value: string): Field {
  return { ...field, same: (current, wanted) => (current ?? value) === (wanted ?? value) };
}

const dnsPath = (key: string) => [...container('DNSConfig'), key];

/** `NET_ADMIN`, `net_admin` and `CAP_NET_ADMIN` are the same. Source: docker/cli, opts/capabilities.go. */
function normalised(capability: string): string {
  const name = capability.trim().toUpperCase();
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
}

/** Each once and in order; ALL stands for all others. */
function capabilities(list: readonly string[]): readonly string[] {
  const all = [...new Set(list.map(normalised))].sort();
  return all.includes('ALL') ? ['ALL'] : all;
}

/** What is added isn't dropped. Source: as above, EffectiveCapAddCapDrop. */
function dropped({ capAdd = [], capDrop }: ServiceSpec): Json {
  const added = capabilities(capAdd);
  return capDrop && capabilities(capDrop).filter((one) => !added.includes(one));
}

const current = (value: Json): Json => capabilities(asList(value).map(text));

const ulimits: Field = {
  name: 'ulimits',
  path: container('Ulimits'),
  wanted: ({ ulimits: wanted }) =>
    wanted && Object.entries(wanted).map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard })),
  same: unordered,
};

const extraHosts: Field = {
  name: 'extraHosts',
  path: container('Hosts'),
  wanted: (service) => service.extraHosts?.map(({ name, address }) => `${address} ${name}`),
  same: unordered,
  // In the form of a Compose file: the API's form contains a space.
  told: (value) =>
    listed(
      asList(value).map((one) => {
        const [address = '', ...names] = text(one).split(' ');
        return `${names.join(' ')}:${address}`;
      }),
    ),
};

/** Keys of the container beyond its command and its files. */
export const CONTAINER: readonly Field[] = [
  { ...plain('capAdd', 'CapabilityAdd', words), wanted: ({ capAdd }) => capAdd && capabilities(capAdd), current },
  { ...plain('capDrop', 'CapabilityDrop', words), wanted: dropped, current },
  plain('sysctls', 'Sysctls'),
  ulimits,
  plain('oomScoreAdj', 'OomScoreAdj'),
  filledIn(plain('isolation', 'Isolation'), 'default'),
  { name: 'dns', path: dnsPath('Nameservers'), wanted: ({ dns }) => dns, told: words },
  { name: 'dnsSearch', path: dnsPath('Search'), wanted: ({ dnsSearch }) => dnsSearch, told: words },
  { name: 'dnsOptions', path: dnsPath('Options'), wanted: ({ dnsOptions }) => dnsOptions, told: words },
  extraHosts,
];

export const endpointMode: Field = filledIn(
  { name: 'endpointMode', path: ['EndpointSpec', 'Mode'], wanted: (service) => service.endpointMode },
  'vip',
);
