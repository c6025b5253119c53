import type { RunContext } from '../contracts/context.ts';
import { knownHosts } from '../remote/openssh.ts';
import type { Machine } from '../contracts/provider.ts';

/** Writes the pinned host keys for OpenSSH. @returns the file's path */
export async function writeKnownHosts({ state, machines }: Pick<RunContext, 'state' | 'machines'>): Promise<string> {
  const known = machines.all().filter(isKnown);
  if (known.length > 0) await state.write(knownHosts(known), 'ssh', 'known_hosts');
  return state.file('ssh', 'known_hosts');
}

/** Whether a machine has come far enough to have a host key. */
export function isKnown({ state, ssh }: Machine): boolean {
  return state !== 'lost' && ssh.hostKey !== '';
}
