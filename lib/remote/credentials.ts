import type { AnyAuthMethod, AuthenticationType } from 'ssh2';
import { messageOf } from '../util/errors.ts';
import { exists } from '../util/files.ts';
import type { SshEndpoint } from '../contracts/endpoint.ts';
import { Identities, agentIdentities, type Identity } from './identities.ts';
import { readKeyFile, type KeyFile } from './key-file.ts';

/** The credentials for logging in to a server, in the order they are tried. */
export interface Credentials {
  readonly methods: readonly AnyAuthMethod[];
  /** As shown to the user: "the key ~/.ssh/id_ed25519", "the agent's keys". */
  readonly names: readonly string[];
  /** Key files that can't be used, and why. */
  readonly unusable: readonly string[];
  /** Whether OpenSSH's own client may be able to use keys that are unusable here. */
  readonly incomplete: boolean;
}

/**
 * The keys of an endpoint in OpenSSH's order, as servers count attempts: first the agent's that `identityFiles` names,
 * then its others unless IdentitiesOnly, then the files that the agent doesn't have. A key with a passphrase has to be in
 * the agent: swarmup asks for no passphrases. Source: OpenSSH, sshconnect2.c, pubkey_prepare.
 */
export async function credentialsOf(endpoint: SshEndpoint): Promise<Credentials> {
  const { user: username, identityFiles, agent, settings } = endpoint;
  const unusable: string[] = [];
  const files: KeyFile[] = [];
  for (const file of identityFiles) files.push(await readKeyFile(file));
  const { held, problem, left } = await heldBy(agent);
  if (problem !== undefined) unusable.push(problem);
  const isSame = (identity: Identity) => (file: KeyFile) =>
    file.publicBlob?.equals(identity.key.getPublicSSH()) ?? false;
  const named = held.filter((identity) => files.some(isSame(identity)));
  const others = settings?.identitiesOnly === true ? [] : held.filter((identity) => !named.includes(identity));
  const rest = files.filter((file) => !held.some((identity) => isSame(identity)(file)));
  unusable.push(...rest.flatMap(({ problem: found }) => found ?? []));
  const own = rest.flatMap(({ path, key }): Identity[] =>
    key ? [{ name: `the key ${path}`, key, sign: (data, hash) => Promise.resolve(key.sign(data, hash)) }] : [],
  );
  const identities = [...named, ...others, ...own];
  const none: AnyAuthMethod = { type: 'none' satisfies AuthenticationType, username };
  const publicKey: AnyAuthMethod = {
    type: 'agent' satisfies AuthenticationType,
    username,
    agent: new Identities(identities),
  };
  return {
    // OpenSSH asks with `none` which methods the server has; some servers let users in at that.
    methods: identities.length > 0 ? [none, publicKey] : [none],
    names: [...new Set(identities.map(({ name }) => name))],
    unusable,
    incomplete: left || rest.some(({ isForeign }) => isForeign),
  };
}

/** The keys that an agent holds. */
async function heldBy(
  agent: string | undefined,
): Promise<{ readonly held: readonly Identity[]; readonly problem?: string; readonly left: boolean }> {
  if (agent === undefined || !(await exists(agent))) return { held: [], left: false };
  try {
    // It may hold keys that ssh2 doesn't know, such as certificates and those of security tokens.
    return { held: await agentIdentities(agent), left: true };
  } catch (error) {
    return { held: [], problem: `the agent ${agent} doesn't answer: ${messageOf(error)}`, left: false };
  }
}
