import type { SwarmNode } from '../contracts/swarm-types.ts';
import { contains, isAddress, isSameAddress, isSubnet } from '../util/ip.ts';

/** Placement constraints as the scheduler decides them. All is pure. Source: swarmkit, manager/constraint. */

const CONSTRAINT = /^([^=!]*?)\s*(==|!=)(.*)$/s;

interface Constraint {
  readonly key: string;
  readonly equal: boolean;
  readonly value: string;
}

/** Undefined for a text that managers refuse. `==` is looked for first, as swarmkit does. */
function readConstraint(text: string): Constraint | undefined {
  const [, key, operator, value] = CONSTRAINT.exec(text.trim()) ?? [];
  if (key === undefined || key === '' || value === undefined) return undefined;
  return { key: key.trim(), equal: operator === '==', value: value.trim() };
}

/** The constraints that a node doesn't satisfy, in words: `constraint node.labels.zone == b, has zone=a`. */
export function unmet(node: SwarmNode, constraints: readonly string[]): string[] {
  return constraints.flatMap((text) => {
    const constraint = readConstraint(text);
    // Managers refuse what they can't read, and the scheduler ignores it.
    if (!constraint) return [];
    const found = traitOf(node, constraint.key);
    if (found && isMet(constraint, found)) return [];
    const { key, equal, value } = constraint;
    return [`constraint ${key} ${equal ? '==' : '!='} ${value}, ${found?.told ?? 'which is not a known key'}`];
  });
}

interface Trait {
  readonly value: string;
  /** `has zone=a`, to follow the constraint. */
  readonly told: string;
  readonly isIp?: boolean;
}

function isMet({ equal, value }: Constraint, trait: Trait): boolean {
  if (trait.isIp) return isSameIp(value, trait.value, equal);
  return (trait.value.toLowerCase() === value.toLowerCase()) === equal;
}

/** An address or a subnet; anything else is never met. */
function isSameIp(wanted: string, address: string, equal: boolean): boolean {
  if (!isAddress(wanted) && !isSubnet(wanted)) return false;
  const within = isAddress(address) && (isAddress(wanted) ? isSameAddress(wanted, address) : contains(wanted, address));
  return within === equal;
}

/** A node's value for a key; a label that it doesn't have is empty. Undefined for a key that no node has. */
function traitOf({ ID, Spec, Description, Status }: SwarmNode, key: string): Trait | undefined {
  const known: Readonly<Record<string, string | undefined>> = {
    'node.id': ID,
    'node.hostname': Description.Hostname,
    'node.role': Spec.Role,
    'node.ip': Status.Addr,
    'node.platform.os': Description.Platform?.OS ?? '',
    'node.platform.arch': Description.Platform?.Architecture ?? '',
  };
  const name = key.toLowerCase();
  const value = known[name];
  if (value !== undefined) return { value, told: `is ${value || 'unknown'}`, isIp: name === 'node.ip' };
  return (
    labelOf(key, 'node.labels.', Spec.Labels, 'label') ??
    labelOf(key, 'engine.labels.', Description.Engine.Labels, 'engine label')
  );
}

/** The prefix may be in any case, the label itself may not. */
function labelOf(
  key: string,
  prefix: string,
  labels: Readonly<Record<string, string>> | undefined,
  kind: string,
): Trait | undefined {
  if (!key.toLowerCase().startsWith(prefix) || key.length === prefix.length) return undefined;
  const label = key.slice(prefix.length);
  const value = labels?.[label];
  return { value: value ?? '', told: value === undefined ? `has no ${kind} ${label}` : `has ${label}=${value}` };
}
