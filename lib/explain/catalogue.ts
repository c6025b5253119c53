import type { ErrorCode } from '../util/errors.ts';
import type { KnownFailure } from './known/failure.ts';
import { forming } from './known/forming.ts';
import { installing } from './known/installing.ts';
import { joining } from './known/joining.ts';
import { later } from './known/later.ts';
import { machines } from './known/machines.ts';
import { preflight } from './known/preflight.ts';
import { services } from './known/services.ts';
import { stacks } from './known/stacks.ts';
import { verifying } from './known/verifying.ts';

export type { KnownFailure };

/** The known failures by what was being done, in the order of their numbers. */
export const KNOWN_FAILURES = {
  'Machines and SSH': machines,
  'Installing Docker': installing,
  'Forming the swarm': [...forming, ...joining],
  'Services and images': services,
  Stacks: stacks,
  'Requests to services': verifying,
  'A swarm in use': later,
  'Hosts before they join': preflight,
} as const satisfies Record<string, readonly KnownFailure[]>;

export function knownFailures(): readonly KnownFailure[] {
  return Object.values(KNOWN_FAILURES).flat();
}

/** Those that lead to a code. */
export function failuresBehind(code: ErrorCode): readonly KnownFailure[] {
  return knownFailures().filter(({ codes }) => codes.includes(code));
}

/** The real things in which a failure was provoked; empty when it was only simulated. */
export function provokedIn({ proofs }: KnownFailure): readonly string[] {
  return [...new Set(proofs.flatMap(({ against }) => against ?? []))];
}
