import { waitUntil } from '../../async/wait-until.ts';
import type { Clock } from '../../async/clock.ts';
import { readBanner } from '../../remote/sockets.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import { isEc2 } from './errors.ts';
import type { AwsMachine } from './inventory.ts';

/**
 * The machine's own Ed25519 key among those that cloud-init prints to the console at the first boot.
 *
 * Source: cloud-init, module "Keys to Console": one key per line between these two marks.
 */
export function keyOnConsole(console: string): string | undefined {
  const block = /-----BEGIN SSH HOST KEY KEYS-----([\s\S]*?)-----END SSH HOST KEY KEYS-----/.exec(console)?.[1];
  return /ssh-ed25519 AAAA[A-Za-z0-9+/]+=*/.exec(block ?? '')?.[0];
}

const DEADLINE_MS = 600_000;
const BANNER_MS = 5_000;

/**
 * Reads a machine's host key from its console through EC2's API: it is known before the first connection, and the
 * private key never leaves the machine. The console is read once the SSH server greets, so the key is nearly always
 * there.
 */
export async function readHostKey(api: Ec2Api, machine: AwsMachine, clock: Clock, io: ProviderIo): Promise<string> {
  const { name, ssh, rented } = machine;
  if (!ssh.via) {
    await waitUntil({
      until: `${name} answers on SSH`,
      probe: async (signal) => {
        const result = await readBanner(ssh.host, ssh.port, BANNER_MS, signal);
        return 'banner' in result && result.banner.startsWith('SSH-')
          ? { done: undefined }
          : { seen: 'no greeting yet' };
      },
      deadlineMs: DEADLINE_MS,
      intervalMs: 500,
      signal: io.signal,
      clock,
      fix: `Check what blocks ${ssh.host} port ${ssh.port} from here: provider.allow.ssh, the subnet's route to an internet gateway, or your own firewall. Its console: aws ec2 get-console-output --latest --instance-id ${rented.id}`,
      onSeen: () => io.report('booting'),
    });
  }
  const seen = { latest: true };
  return waitUntil({
    until: `${name}'s console shows its host key`,
    probe: async (signal) => {
      const text = await consoleText(api, rented.id, seen, signal);
      const key = keyOnConsole(text);
      return key === undefined ? { seen: `${text.length} characters without one` } : { done: key };
    },
    deadlineMs: DEADLINE_MS,
    intervalMs: 3_000,
    signal: io.signal,
    clock,
    fix: `The image's cloud-init has to print host keys to the console (ssh: { emit_keys_to_console: true }). Read it: aws ec2 get-console-output --latest --instance-id ${rented.id}`,
    onSeen: () => io.report('waiting for its host key on the console'),
  });
}

/** The console's current text if the machine supports it (Nitro), else EC2's last copy of it. */
async function consoleText(api: Ec2Api, id: string, seen: { latest: boolean }, signal: AbortSignal): Promise<string> {
  try {
    const { Output } = await api.GetConsoleOutput({ InstanceId: id, Latest: seen.latest }, signal);
    return Buffer.from(Output ?? '', 'base64').toString('utf8');
  } catch (error) {
    if (seen.latest && isEc2(error, 'UnsupportedOperation', 'InvalidParameterCombination')) {
      seen.latest = false;
      return '';
    }
    // It was just created, and not every part of EC2 knows it yet.
    if (isEc2(error, 'InvalidInstanceID.NotFound')) return '';
    throw error;
  }
}
