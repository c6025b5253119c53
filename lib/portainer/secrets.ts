import { randomBytes } from 'node:crypto';
import type { RunContext } from '../contracts/context.ts';
import { Secret } from '../util/secret.ts';

/** The Docker secret that the shipped Portainer stack reads the administrator's password from. */
const ADMIN_SECRET = 'portainer_admin_password';

/** Where a generated password is kept, in the state folder, with mode 0600. */
export const PASSWORD_FILE = 'portainer-admin-password';
/**
 * Previous passwords, one per line. An empty volume starts with the password in the Docker secret, which is the first
 * of all.
 */
const OLDER_FILE = 'portainer-admin-password.older';

type Context = Pick<RunContext, 'cluster' | 'state'>;

/** The administrator's password: the cluster file's, else generated once. */
export function adminPassword({ cluster, state }: Context): Promise<Secret> {
  const given = cluster.portainer?.adminPassword;
  return given ? Promise.resolve(given) : state.password(PASSWORD_FILE);
}

/** Previous passwords that Portainer may still have, newest first. If it has one, it gets the current password. */
export async function olderPasswords({ cluster, state }: Context): Promise<readonly Secret[]> {
  const older = (await state.read(OLDER_FILE))?.split('\n') ?? [];
  // A password generated before the cluster file set one.
  const generated = cluster.portainer?.adminPassword ? await state.read(PASSWORD_FILE) : undefined;
  return [...older, generated ?? '']
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .toReversed()
    .map((line) => new Secret(line));
}

/** Generates a new password. Portainer doesn't have it yet: the one it has is added to the previous ones. */
export async function renewPassword({ state }: Pick<RunContext, 'state'>): Promise<void> {
  const older = (await state.read(OLDER_FILE)) ?? '';
  const current = (await state.read(PASSWORD_FILE)) ?? '';
  if (current.trim() !== '') await state.write(`${older}${current.trim()}\n`, OLDER_FILE);
  await state.write(`${randomBytes(18).toString('base64url')}\n`, PASSWORD_FILE);
}

/** Whether swarmup can create a secret for a stack. */
export function isKnownSecret(name: string): boolean {
  return name === ADMIN_SECRET;
}

/** A secret that swarmup can create for a stack; undefined for any other name. */
export async function knownSecret(name: string, ctx: Context): Promise<Secret | undefined> {
  return isKnownSecret(name) ? adminPassword(ctx) : undefined;
}
