import { readFile } from 'node:fs/promises';
import ssh2, { type AuthenticationType, type AnyAuthMethod } from 'ssh2';
import { exists, ifThere } from '../util/files.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';

/** The credentials for logging in to a server, in the order they are tried. */
export interface Credentials {
  readonly methods: readonly AnyAuthMethod[];
  /** As shown to the user: "the key ~/.ssh/id_ed25519", "the agent's keys". */
  readonly names: readonly string[];
  /** Key files that can't be used, and why. */
  readonly unusable: readonly string[];
}

/** Reads an endpoint's keys. A key with a passphrase has to be in the agent: swarmup asks for no passphrases. */
export async function credentialsOf({ user: username, identityFiles, agent }: SshEndpoint): Promise<Credentials> {
  const methods: AnyAuthMethod[] = [];
  const names: string[] = [];
  const unusable: string[] = [];
  for (const file of identityFiles) {
    const key = await ifThere(readFile(file));
    const parsed = key && ssh2.utils.parseKey(key);
    if (!key) unusable.push(`${file} does not exist`);
    else if (parsed instanceof Error)
      unusable.push(`${file} ${/passphrase/.test(parsed.message) ? 'has a passphrase' : "can't be read as a key"}`);
    else {
      methods.push({ type: 'publickey' satisfies AuthenticationType, username, key });
      names.push(`the key ${file}`);
    }
  }
  if (agent !== undefined && (await exists(agent))) {
    methods.push({ type: 'agent' satisfies AuthenticationType, username, agent });
    names.push("the agent's keys");
  }
  return { methods, names, unusable };
}
