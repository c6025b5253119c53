import { randomBytes } from 'node:crypto';
import type { RunContext } from '../contracts/context.ts';
import { Secret } from '../util/secret.ts';

/** The Docker secret that the shipped Portainer stack reads the administrator's password from. */
const ADMIN_SECRET = 'portainer_admin_password';

/** Where a generated password is kept, in the state folder, with mode 0600. */
export const PASSWORD_FILE = 'portainer-admin-password';
/** Those before it, a line each: an empty volume begins with the Docker secret's, which is the first of all. */
const OLDER_FILE = 'portainer-admin-password.older';

type Context = Pick<RunContext, 'cluster' | 'state'>;

/** The administrator's password: the cluster file's, else generated once. */
export function adminPassword({ cluster, state }: Context): Promise<Secret> {
  const given = cluster.portainer?.adminPassword;
  return given ? Promise.resolve(given) : state.password(PASSWORD_FILE);
}

/** Passwords that Portainer may still have: it is given the present one then. The newest first. */
export async function olderPasswords({ cluster, state }: Context): Promise<readonly Secret[]> {
  const older = (await state.read(OLDER_FILE))?.split('\n') ?? [];
  // A password that was generated before the cluster file gave one.
  const generated = cluster.portainer?.adminPassword ? await state.read(PASSWORD_FILE) : undefined;
  return [...older, generated ?? '']
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .toReversed()
    .map((line) => new Secret(line));
}

/** Generates another password. Portainer doesn't have it yet: the one it has is among the older ones from now on. */
export async function renewPassword({ state }: Pick<RunContext, 'state'>): Promise<void> {
  const older = (await state.read(OLDER_FILE)) ?? '';
  const current = (await state.read(PASSWORD_FILE)) ?? '';
  if (current.trim() !== '') await state.write(`${older}${current.trim()}\n`, OLDER_FILE);
  await state.write(`${randomBytes(18).toString('base64url')}\n`, PASSWORD_FILE);
}

/** The secrets that swarmup can make for a stack; undefined for one it knows nothing of. */
export async function knownSecret(name: string, ctx: Context): Promise<Secret | undefined> {
  return name === ADMIN_SECRET ? adminPassword(ctx) : undefined;
}
