import { items, structure, text, type At, type Convert } from './convert.ts';
import { nonZero, unsigned32 } from './convert-numbers.ts';
import { countPorts, shortPorts } from './ports.ts';
import type { ComposePort } from './types.ts';
import { isDict } from './values.ts';

const longPort = structure<ComposePort>({
  mode: text,
  target: nonZero(unsigned32),
  published: nonZero(unsigned32),
  protocol: text,
});

const port = (at: At): readonly ComposePort[] => {
  if (isDict(at.value)) return [longPort(at) ?? {}];
  if (typeof at.value === 'string' || typeof at.value === 'number') return shortPorts(String(at.value)) ?? [];
  at.wrong(at.path, 'a port is not a whole number', "expected 80, '8080:80' or a mapping with target");
  return [];
};

/** Every port of every protocol: a list that stands for more is a mistake, and would take a lot of memory. */
const MOST_PORTS = 3 * 65_536;

/** The ports of a service, short and long ones, in the long form. */
export const ports: Convert<readonly ComposePort[]> = (at) => {
  const count = items(at).reduce((sum, { value }) => sum + (typeof value === 'string' ? countPorts(value) : 1), 0);
  if (count > MOST_PORTS) {
    at.wrong(at.path, `${count} ports`, 'expected each port once');
    return undefined;
  }
  const found = items(at).flatMap(port);
  return found.length === 0 ? undefined : found;
};
