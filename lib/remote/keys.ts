import ssh2 from 'ssh2';

export interface KeyPair {
  /** OpenSSH private key file. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA... comment` */
  readonly publicKey: string;
}

/** A new Ed25519 key pair in OpenSSH's formats. */
export function generateKeyPair(comment: string): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return {
    privateKey: pair.private.endsWith('\n') ? pair.private : `${pair.private}\n`,
    publicKey: pair.public.trim(),
  };
}
