import type { ServerHostKeyAlgorithm } from 'ssh2';

/** The kinds of host keys, the best first. */
const KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const;

/**
 * The signature algorithms to offer, those of known keys only, so that the server presents one of them. RSA keys also
 * sign with algorithms newer than ssh-rsa. Source: RFC 8332.
 *
 * @param types of the known keys; empty when none is known
 */
export function signaturesOf(types: readonly string[]): ServerHostKeyAlgorithm[] {
  return KEY_TYPES.filter((known) => types.length === 0 || types.includes(known)).flatMap(
    (known): ServerHostKeyAlgorithm[] => (known === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [known]),
  );
}

/** Of a server's known keys, the one to pin: the server is asked for exactly this one. */
export function bestKey<K extends { readonly type: string }>(keys: readonly K[]): K | undefined {
  return KEY_TYPES.map((type) => keys.find((key) => key.type === type)).find((key) => key !== undefined);
}
