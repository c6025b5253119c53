import { hasCode } from '../util/errors.ts';
import type { Machine } from '../contracts/provider.ts';
import type { SshRemote } from '../remote/remote.ts';
import type { Secret } from '../util/secret.ts';
import type { Prompts } from '../contracts/prompts.ts';

interface RootRightsOptions {
  /** Asks the user; without it nothing is asked. */
  readonly prompts: Prompts | undefined;
  /** Called with the password, so that no record contains it. */
  readonly onSecret: (secret: Secret) => void;
  readonly signal: AbortSignal;
}

/**
 * Asks once for the sudo password of hosts where the user isn't root, and tries it there: a wrong one ends the command
 * immediately. Unreachable hosts are skipped; connecting to them later reports the reason.
 *
 * @throws SwarmupError SUDO_REFUSED
 */
export async function gainRootRights(
  remote: SshRemote,
  machines: readonly Machine[],
  { prompts, onSecret, signal }: RootRightsOptions,
): Promise<void> {
  const guests = machines.filter(({ external, ssh }) => external && ssh.user !== 'root' && !ssh.sudoPassword);
  if (guests.length === 0 || !prompts) return;
  const hosts = await Promise.allSettled(guests.map(({ name }) => remote.host(name, signal)));
  signal.throwIfAborted();
  const reached = hosts.flatMap((host) => (host.status === 'fulfilled' ? [host.value] : []));
  const able = await Promise.all(reached.map((host) => host.canBeRoot()));
  const unable = reached.filter((_host, i) => !able[i]);
  if (unable.length === 0) return;
  const users = [
    ...new Set(guests.filter(({ name }) => unable.some((host) => host.name === name)).map(({ ssh }) => ssh.user)),
  ];
  const password = await prompts.sudoPassword({ users, hosts: unable.map(({ name }) => name) });
  onSecret(password);
  remote.useSudoPassword(password);
  const tried = await Promise.allSettled(unable.map((host) => host.run(['true'], { signal })));
  const refused = tried.find((one) => one.status === 'rejected' && hasCode(one.reason, 'SUDO_REFUSED'));
  if (refused?.status === 'rejected') throw refused.reason;
}
