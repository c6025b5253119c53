import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userData, type GuestIdentity } from '../cloud-init.ts';
import { SEGMENT, UPLINK, type Layout } from './layout.ts';

/** Mode 0600 from the start: the files hold the machine's private host key. */
const PRIVATE = { mode: 0o600 } as const;

/** Writes the guest's identity; QEMU passes it to the machine at start. */
export async function writeSeed(
  layout: Layout,
  guest: GuestIdentity,
  how: 'credentials' | 'cloud-init',
): Promise<void> {
  const dir = layout.seed(guest.name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (how === 'credentials') {
    const lines = tmpfilesLines(layout, guest).join('\n');
    await writeFile(join(dir, 'smbios'), `io.systemd.credential.binary:tmpfiles.extra=${base64(lines)}`, PRIVATE);
    return;
  }
  await writeFile(
    join(dir, 'meta-data'),
    `instance-id: ${layout.machineId(guest.name)}\nlocal-hostname: ${guest.name}\n`,
    PRIVATE,
  );
  await writeFile(join(dir, 'user-data'), userData(guest), PRIVATE);
  await writeFile(join(dir, 'network-config'), networkConfig(layout, guest), PRIVATE);
}

/** A file that makes a guest itself. */
export interface GuestFile {
  readonly path: string;
  /** Octal, such as 0600. */
  readonly mode: string;
  readonly contents: string;
}

/** The files that make a guest itself. cloud-init writes the network's configuration in its own way. */
export function identityFiles(
  layout: Layout,
  guest: GuestIdentity,
  how: 'credentials' | 'cloud-init',
): readonly GuestFile[] {
  const file = (path: string, mode: string, contents: string): GuestFile => ({ path, mode, contents });
  const files = [
    file('/root/.ssh/authorized_keys', '0600', `${guest.authorizedKey}\n`),
    file('/etc/ssh/ssh_host_ed25519_key', '0600', guest.hostKey.privateKey),
    file('/etc/ssh/ssh_host_ed25519_key.pub', '0644', `${guest.hostKey.publicKey}\n`),
    file('/etc/hostname', '0644', `${guest.name}\n`),
    file('/etc/hosts', '0644', `127.0.0.1 localhost\n127.0.1.1 ${guest.name}\n`),
  ];
  if (how === 'cloud-init') return files;
  const network = '/etc/systemd/network';
  const own = [file(`${network}/10-uplink.network`, '0644', uplink(layout.mac(guest.name, 'uplink')))];
  // A machine that is saved has no address that another machine could have.
  if (guest.address !== '')
    own.push(file(`${network}/20-segment.network`, '0644', segment(layout.mac(guest.name, 'segment'), guest.address)));
  return [...files, ...own];
}

/**
 * The same files as tmpfiles.d(5) lines; `f~` expects its contents in base64. Source: systemd-tmpfiles reads the
 * credential tmpfiles.extra.
 */
export function tmpfilesLines(layout: Layout, guest: GuestIdentity): string[] {
  return [
    'd /root/.ssh 0700 root root -',
    ...identityFiles(layout, guest, 'credentials').map(
      ({ path, mode, contents }) => `f+~ ${path} ${mode} root root - ${base64(contents)}`,
    ),
  ];
}

function uplink(mac: string): string {
  return `[Match]\nMACAddress=${mac}\n[Network]\nAddress=${UPLINK.guest}/${UPLINK.prefix}\nGateway=${UPLINK.gateway}\nDNS=${UPLINK.dns}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`;
}

function segment(mac: string, address: string): string {
  return `[Match]\nMACAddress=${mac}\n[Network]\nAddress=${address}/${SEGMENT.prefix}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`;
}

function networkConfig(layout: Layout, guest: GuestIdentity): string {
  const ethernets = {
    uplink: {
      match: { macaddress: layout.mac(guest.name, 'uplink') },
      addresses: [`${UPLINK.guest}/${UPLINK.prefix}`],
      gateway4: UPLINK.gateway,
      nameservers: { addresses: [UPLINK.dns] },
    },
    ...(guest.address === ''
      ? {}
      : {
          segment: {
            match: { macaddress: layout.mac(guest.name, 'segment') },
            addresses: [`${guest.address}/${SEGMENT.prefix}`],
          },
        }),
  };
  return `${JSON.stringify({ version: 2, ethernets }, null, 2)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
