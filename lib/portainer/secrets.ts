import type { RunContext } from '../context.ts';
import type { Secret } from '../secret.ts';

/** The Docker secret that the shipped Portainer stack reads the administrator's password from. */
const ADMIN_SECRET = 'portainer_admin_password';

/** Where a generated password is kept, in the state folder, with mode 0600. */
export const PASSWORD_FILE = 'portainer-admin-password';

/** The administrator's password: the cluster file's, else generated once. */
export function adminPassword({ cluster, state }: Pick<RunContext, 'cluster' | 'state'>): Promise<Secret> {
  const given = cluster.portainer?.adminPassword;
  return given ? Promise.resolve(given) : state.password(PASSWORD_FILE);
}

/** The secrets that swarmup can make for a stack; undefined for one it knows nothing of. */
export async function knownSecret(
  name: string,
  ctx: Pick<RunContext, 'cluster' | 'state'>,
): Promise<Secret | undefined> {
  return name === ADMIN_SECRET ? adminPassword(ctx) : undefined;
}
