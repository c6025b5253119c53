import { SwarmupError } from '../util/errors.ts';
import { waitUntil } from '../async/wait-until.ts';
import {
  portainerOf,
  settlePassword,
  signInAdministrator,
  type AdministratorContext,
  type AdministratorSignIn,
} from './administrator.ts';
import { resetPassword, type ResetContext, type ResetOptions } from './reset.ts';
import { adminPassword, renewPassword } from './secrets.ts';

const BACK_MS = 240_000;
const INTERVAL_MS = 500;

/**
 * Gives Portainer's administrator another password: the cluster file's, else one that is generated. Where none of those that are
 * known here lets anybody in, Portainer is stopped for a moment, and its helper resets it.
 *
 * @throws SwarmupError USAGE where there is nothing to do; PORTAINER_FAILED
 */
export async function rotatePassword(
  context: AdministratorContext & ResetContext,
  options: ResetOptions,
): Promise<void> {
  const { cluster } = context;
  const { signal, report } = options;
  if (!cluster.portainer)
    throw new SwarmupError('USAGE', 'the cluster file has no portainer section', {
      fix: 'Where Portainer is deployed by its own means, change the password there.',
    });
  const now = await signInAdministrator(context, signal);
  if ('notYet' in now) throw notNow(now.notYet);
  const isCurrent = 'token' in now && now.older === undefined;
  if (isCurrent && cluster.portainer.adminPassword)
    throw new SwarmupError('USAGE', "Portainer's administrator has the cluster file's password already", {
      fix: 'Write another one there (portainer.adminPassword) first.',
    });
  if (isCurrent) await renewPassword(context);
  if ('token' in now) {
    requireDone(await settlePassword(context, signal));
    return;
  }
  if (!cluster.portainer.adminPassword) await renewPassword(context);
  report(`no password that is known here is right (${now.refused})`);
  const made = await resetPassword(context, options);
  report('waiting for Portainer');
  const token = await waitUntil({
    until: 'Portainer lets the administrator in again',
    probe: async () => {
      const signedIn = await (await portainerOf(context, signal)).signIn(made);
      if ('token' in signedIn) return { done: signedIn.token };
      return { seen: 'refused' in signedIn ? signedIn.refused : signedIn.notYet };
    },
    deadlineMs: BACK_MS,
    intervalMs: INTERVAL_MS,
    signal,
    clock: context.clock,
    fix: 'Its log says more: swarmup logs portainer_portainer',
    onSeen: report,
  });
  const portainer = await portainerOf(context, signal);
  await portainer.changePassword(token, made, await adminPassword(context));
  requireDone(await signInAdministrator(context, signal));
}

function requireDone(result: AdministratorSignIn): void {
  if ('notYet' in result) throw notNow(result.notYet);
  if ('refused' in result) throw notNow(result.refused);
}

function notNow(said: string): SwarmupError {
  return new SwarmupError('PORTAINER_FAILED', `Portainer doesn't let the administrator in: ${said}`, {
    fix: 'See whether it runs: swarmup status; its log: swarmup logs portainer_portainer. Then run again.',
  });
}
