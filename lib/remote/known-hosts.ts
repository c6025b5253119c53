import { createHash, createHmac } from 'node:crypto';
import { readIfPossible } from '../util/files.ts';

/** A line of a known_hosts file that is about a server. */
export interface KnownKey {
  /** Such as ssh-ed25519. */
  readonly type: string;
  /** The public key, in base64. */
  readonly key: string;
  readonly revoked: boolean;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** How a server is named in known_hosts. Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/**
 * The lines of known_hosts files about a server, in order, without those of certificate authorities.
 *
 * @param name from `knownHostsName`
 */
export async function lookUp(files: readonly string[], name: string): Promise<KnownKey[]> {
  const found = await linesAbout(files, name);
  return found.flatMap(({ marker, ...key }) =>
    marker === undefined || marker === '@revoked' ? [{ ...key, revoked: marker === '@revoked' }] : [],
  );
}

/** What known_hosts files say about a server. */
export interface Trust {
  /** Its keys, without the revoked ones. */
  readonly keys: readonly KnownKey[];
  /** Its keys at the standard port: OpenSSH accepts them at other ports, but asks about a different one. */
  readonly withoutPort: readonly KnownKey[];
  /** Whether a certificate authority vouches for it: only OpenSSH's own client verifies host certificates. */
  readonly hasAuthority: boolean;
}

/** @param plain the server's name without its port, if that isn't 22 and there is no HostKeyAlias */
export async function trustIn(files: readonly string[], name: string, plain: string | undefined): Promise<Trust> {
  const [about, elsewhere] = await Promise.all([
    linesAbout(files, name),
    plain === undefined ? [] : linesAbout(files, plain),
  ]);
  const revokedIn = (some: readonly Line[]) => some.filter(({ marker }) => marker === '@revoked').map(({ key }) => key);
  const keysOf = (some: readonly Line[], revoked: readonly string[]) =>
    some.flatMap(({ marker, ...key }) =>
      marker === undefined && !revoked.includes(key.key) ? [{ ...key, revoked: false }] : [],
    );
  return {
    keys: keysOf(about, revokedIn(about)),
    // The lines with the port come first; only without a key there does OpenSSH look at the others.
    withoutPort: keysOf(elsewhere, [...revokedIn(about), ...revokedIn(elsewhere)]),
    hasAuthority: [...about, ...elsewhere].some(({ marker }) => marker === '@cert-authority'),
  };
}

interface Line extends Omit<KnownKey, 'revoked'> {
  readonly marker: string | undefined;
}

async function linesAbout(files: readonly string[], name: string): Promise<Line[]> {
  const texts = await Promise.all(files.map(readIfPossible));
  return texts.flatMap((text, i) => parse(text ?? '', files[i] ?? '', name));
}

function parse(text: string, file: string, name: string): Line[] {
  return text.split('\n').flatMap((content, i): Line[] => {
    const words = content.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [hosts = '', type = '', key = ''] = words;
    if (hosts === '' || hosts.startsWith('#') || !names(hosts, name)) return [];
    return isKey(type, key) ? [{ marker, type, key, file, line: i + 1 }] : [];
  });
}

/** Whether a public key is of the kind that it says: it begins with its type, as SSH's `string`. Source: RFC 4253, 6.6. */
function isKey(type: string, key: string): boolean {
  const blob = Buffer.from(key, 'base64');
  const name = Buffer.from(type);
  return blob.length > 4 + name.length && blob.readUInt32BE(0) === name.length && blob.subarray(4).indexOf(name) === 0;
}

/** As long as a SHA-1. */
const SALT_BYTES = 20;

/** Whether a list of patterns, or a hashed name, matches a server. */
function names(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return hosts === hashed(name, hosts);
  const patterns = hosts.split(',');
  const matches = (pattern: string) => asExpression(pattern).test(name);
  const negated = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  return !negated.some(matches) && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}

/** A name hashed with the salt of an entry; undefined for another kind of entry. Source: hostfile.c, host_hash. */
function hashed(name: string, entry: string): string | undefined {
  const salt = Buffer.from(/^\|1\|([^|]*)\|/.exec(entry)?.[1] ?? '', 'base64');
  if (salt.length !== SALT_BYTES) return undefined;
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function asExpression(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}

/** A public key's fingerprint as OpenSSH shows it: SHA256:... @param key in base64 */
export function fingerprint(key: string): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
