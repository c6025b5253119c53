import { interrupted, SwarmupError } from '../util/errors.ts';
import type { Emit } from '../contracts/events.ts';
import { machineTable } from '../providers/machine-table.ts';
import type { Provider, UnknownHost } from '../contracts/provider.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import { fingerprint } from '../remote/known-hosts.ts';
import { SshRemote } from '../remote/remote.ts';
import type { PresentedHostKey, Prompts } from '../contracts/prompts.ts';

interface Seen {
  readonly host: UnknownHost;
  /** `type base64` */
  readonly hostKey: string;
}

export interface VerificationOptions {
  /** Accepts keys without asking. */
  readonly acceptNew: boolean;
  /** Asks the user; without it only keys that need no confirmation are accepted. */
  readonly prompts: Prompts | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Has new host keys accepted: the user confirms their fingerprints, or has chosen to accept them without asking.
 * Unreachable servers stay unknown; connecting to them later reports the reason.
 *
 * @throws SwarmupError SSH_HOST_KEY_UNKNOWN when the answer is no
 */
export async function verifyHostKeys(provider: Provider, options: VerificationOptions): Promise<void> {
  if (!provider.unknownHosts) return;
  const remote = new SshRemote(machineTable([]), options.emit);
  try {
    // Servers behind a bastion can be scanned only once the bastion's key is accepted.
    for (let round = await open(provider, options); round.length > 0; round = await open(provider, options)) {
      const met = await meet(round, remote, options.signal);
      const { asked, accepted } = sort(met, options);
      if (asked.length > 0) await ask(asked, options.prompts);
      for (const { host, hostKey } of [...accepted, ...asked]) await host.accept(hostKey);
      if (accepted.length + asked.length === 0) return;
    }
  } finally {
    await remote.close();
  }
}

/** The unknown hosts that can be reached now, and whose keys may be accepted. */
async function open(provider: Provider, options: VerificationOptions): Promise<readonly UnknownHost[]> {
  const hosts = (await provider.unknownHosts?.()) ?? [];
  return hosts.filter(
    (host) => isOpen(host.endpoint.via) && (isUnasked(host, options) || host.trusts || isAsked(host, options)),
  );
}

function isUnasked({ unasked }: UnknownHost, { acceptNew }: VerificationOptions): boolean {
  return acceptNew || unasked;
}

function isAsked({ refused }: UnknownHost, { prompts }: VerificationOptions): boolean {
  return prompts !== undefined && refused !== true;
}

/** The keys that need no confirmation, and those that the user has to confirm. Others stay unknown. */
function sort(met: readonly Seen[], options: VerificationOptions) {
  const isAccepted = ({ host, hostKey }: Seen) => isUnasked(host, options) || host.trusts?.(hostKey) === true;
  const accepted = met.filter(isAccepted);
  return { accepted, asked: met.filter((seen) => !accepted.includes(seen) && isAsked(seen.host, options)) };
}

function isOpen(via: SshEndpoint | undefined): boolean {
  return via === undefined || (via.hostKey !== '' && isOpen(via.via));
}

async function meet(hosts: readonly UnknownHost[], remote: SshRemote, signal: AbortSignal): Promise<Seen[]> {
  const keys = await Promise.allSettled(hosts.map(({ endpoint }) => remote.hostKeyOf(endpoint, signal)));
  if (signal.aborted) throw interrupted(signal.reason);
  return hosts.flatMap((host, i) => {
    const key = keys[i];
    return key?.status === 'fulfilled' ? [{ host, hostKey: key.value }] : [];
  });
}

async function ask(seen: readonly Seen[], prompts: Prompts | undefined): Promise<void> {
  const keys = seen.map(({ host: { names, endpoint }, hostKey }): PresentedHostKey => {
    const [type = '', key = ''] = hostKey.split(' ');
    return { names, server: `${endpoint.host}:${endpoint.port}`, type, fingerprint: fingerprint(key) };
  });
  if (await prompts?.acceptHostKeys(keys)) return;
  throw new SwarmupError('SSH_HOST_KEY_UNKNOWN', 'the host keys were not accepted, so nothing was done', {
    fix: 'Compare the fingerprints with those on the servers: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  });
}
