import type { RunContext } from '../contracts/context.ts';
import type { Secret } from '../util/secret.ts';
import { Portainer, type SignIn } from './api.ts';
import { adminPassword, olderPasswords } from './secrets.ts';

export type AdministratorContext = Pick<RunContext, 'cluster' | 'state' | 'remote' | 'http' | 'swarm'>;

/** What Portainer is called in requests: each connection is to the manager's own port. */
const LOOPBACK = '127.0.0.1';

/**
 * Portainer's API through the SSH connection to a manager that answers, whose routing mesh forwards requests to the node
 * it runs on. The network between here and there never sees the password and the session.
 */
export async function portainerOf(context: AdministratorContext, signal: AbortSignal): Promise<Portainer> {
  const { cluster, remote, http, swarm } = context;
  if (!cluster.portainer) throw new Error('the cluster file has no portainer section');
  const { port } = cluster.portainer;
  const { node } = await swarm.manager(signal);
  const connect = async (until: AbortSignal) => (await remote.host(node, until)).dialPort(port);
  return new Portainer(http, { host: LOOPBACK, port, connect }, signal);
}

/** Like `SignIn`, with the password that worked if it isn't the current one. */
export type AdministratorSignIn = SignIn & { readonly older?: Secret };

/** Signs the administrator in, with the previous password if Portainer still has that. */
export async function signInAdministrator(
  ctx: AdministratorContext,
  signal: AbortSignal,
): Promise<AdministratorSignIn> {
  const portainer = await portainerOf(ctx, signal);
  const result = await portainer.signIn(await adminPassword(ctx));
  if (!('refused' in result)) return result;
  for (const older of await olderPasswords(ctx)) {
    const signedIn = await portainer.signIn(older);
    if ('token' in signedIn) return { ...signedIn, older };
  }
  return result;
}

/** Sets the current password in Portainer if it still has the previous one. @returns the outcome of signing in */
export async function settlePassword(ctx: AdministratorContext, signal: AbortSignal): Promise<AdministratorSignIn> {
  const signedIn = await signInAdministrator(ctx, signal);
  if (!('token' in signedIn) || signedIn.older === undefined) return signedIn;
  await (await portainerOf(ctx, signal)).changePassword(signedIn.token, signedIn.older, await adminPassword(ctx));
  return signInAdministrator(ctx, signal);
}
