import { stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { readIfPossible } from '../util/files.ts';

/** What an IdentityFile holds. */
export interface KeyFile {
  readonly path: string;
  /** The public key in SSH's encoding, if it can be found without a passphrase. */
  readonly publicBlob?: Buffer;
  /** The private key; missing where it can't be used. */
  readonly key?: ParsedKey;
  /** Why the private key can't be used. */
  readonly problem?: string;
  /** Whether it is in a format that OpenSSH may read and ssh2 doesn't: PKCS#8, or a key of a security token. */
  readonly isForeign?: true;
}

/**
 * Reads a key as OpenSSH does: the file may be a public key whose private key is in the agent, and a private key's public
 * key is taken from FILE.pub first. Source: OpenSSH, authfile.c, sshkey_load_public.
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readIfPossible(path);
  const itself = text === undefined ? undefined : publicKey(text);
  if (itself)
    return { path, publicBlob: itself, problem: `${path} is a public key, and its private key isn't in the agent` };
  const beside = await readIfPossible(`${path}.pub`);
  const publicBlob = (beside === undefined ? undefined : publicKey(beside)) ?? publicPart(text ?? '');
  const shown = publicBlob ? { publicBlob } : {};
  if (text === undefined) return { path, ...shown, problem: `${path} is no file that can be read` };
  if (await isReadableByOthers(path))
    return {
      path,
      ...shown,
      problem: `other users may read ${path}, so it isn't used, as in OpenSSH: chmod 600 ${path}`,
    };
  const parsed = ssh2.utils.parseKey(text);
  if (!(parsed instanceof Error))
    return parsed.type === 'ssh-dss'
      ? { path, ...shown, problem: `${path} is a DSA key, which OpenSSH no longer offers` }
      : { path, publicBlob: parsed.getPublicSSH(), key: parsed };
  if (/passphrase/.test(parsed.message) || text.includes('BEGIN ENCRYPTED PRIVATE KEY'))
    return { path, ...shown, problem: `${path} has a passphrase` };
  return { path, ...shown, problem: `${path} can't be read as a key`, isForeign: true };
}

function publicKey(text: string): Buffer | undefined {
  if (text.includes('PRIVATE KEY')) return undefined;
  const parsed = ssh2.utils.parseKey(text);
  return parsed instanceof Error || parsed.isPrivateKey() ? undefined : parsed.getPublicSSH();
}

/** OpenSSH ignores such files of the user's own. Source: OpenSSH, authfile.c, sshkey_perm_ok. */
async function isReadableByOthers(path: string): Promise<boolean> {
  const { mode, uid } = await stat(path);
  return uid === process.getuid?.() && (mode & 0o077) !== 0;
}

const MAGIC = 'openssh-key-v1\0';

/** The public key of a private key in OpenSSH's format, which is readable even without the passphrase: PROTOCOL.key. */
function publicPart(text: string): Buffer | undefined {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text) ?? [];
  const data = Buffer.from(body ?? '', 'base64');
  if (data.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) return undefined;
  let at = MAGIC.length;
  const field = () => {
    if (at + 4 > data.length) return undefined;
    const start = at + 4;
    at = start + data.readUInt32BE(at);
    return at > data.length ? undefined : data.subarray(start, at);
  };
  // Cipher, key derivation and its options; then the number of keys.
  for (let skipped = 0; skipped < 3; skipped++) field();
  at += 4;
  return field();
}
