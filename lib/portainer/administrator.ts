import type { RunContext } from '../contracts/context.ts';
import type { Secret } from '../util/secret.ts';
import { Portainer, type SignIn } from './api.ts';
import { adminPassword, olderPasswords } from './secrets.ts';

export type AdministratorContext = Pick<RunContext, 'cluster' | 'state' | 'provider' | 'machines' | 'http' | 'swarm'>;

/** Portainer, through a manager that answers: the routing mesh brings requests to wherever it runs. */
export async function portainerOf(context: AdministratorContext, signal: AbortSignal): Promise<Portainer> {
  const { cluster, machines, provider, http, swarm } = context;
  if (!cluster.portainer) throw new Error('the cluster file has no portainer section');
  const { node } = await swarm.manager(signal);
  return new Portainer(http, provider.endpoint(machines.running(node), cluster.portainer.port), signal);
}

/** As `SignIn`; with the password that let the administrator in where it isn't the present one. */
export type AdministratorSignIn = SignIn & { readonly older?: Secret };

/** Signs the administrator in, with the password of before where Portainer still has that. */
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

/** Gives Portainer the present password where it still has one of before. @returns what signing in came to */
export async function settlePassword(ctx: AdministratorContext, signal: AbortSignal): Promise<AdministratorSignIn> {
  const signedIn = await signInAdministrator(ctx, signal);
  if (!('token' in signedIn) || signedIn.older === undefined) return signedIn;
  await (await portainerOf(ctx, signal)).changePassword(signedIn.token, signedIn.older, await adminPassword(ctx));
  return signInAdministrator(ctx, signal);
}
