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
import { serverName } from './server-name.ts';

const BACK_MS = 240_000;
const INTERVAL_MS = 500;

/**
 * Changes the administrator's password to the cluster file's, else to a generated one. If no known password works,
 * Portainer is stopped for a moment and its helper resets the password.
 * @throws SwarmupError USAGE when there is nothing to do; PORTAINER_FAILED
 */
export async function rotatePassword(
  context: AdministratorContext & ResetContext,
  options: ResetOptions,
): Promise<void> {
  const { cluster } = context;
  const { signal, report } = options;
  if (!cluster.portainer)
    throw new SwarmupError('USAGE', 'the cluster file has no portainer section', {
      fix: 'If Portainer is deployed in another way, change its password there.',
    });
  const now = await signInAdministrator(context, signal);
  if ('notYet' in now) throw notNow(now.notYet, cluster);
  const isCurrent = 'token' in now && now.older === undefined;
  if (isCurrent && cluster.portainer.adminPassword)
    throw new SwarmupError('USAGE', "Portainer's administrator already has the cluster file's password", {
      fix: 'Change portainer.adminPassword in the cluster file first.',
    });
  if (isCurrent) await renewPassword(context);
  if ('token' in now) {
    requireDone(await settlePassword(context, signal), cluster);
    return;
  }
  if (!cluster.portainer.adminPassword) await renewPassword(context);
  report(`none of the known passwords works (${now.refused})`);
  const made = await resetPassword(context, options);
  report('waiting for Portainer');
  const token = await waitUntil({
    until: "Portainer accepts the administrator's password",
    probe: async () => {
      const signedIn = await (await portainerOf(context, signal)).signIn(made);
      if ('token' in signedIn) return { done: signedIn.token };
      return { seen: 'refused' in signedIn ? signedIn.refused : signedIn.notYet };
    },
    deadlineMs: BACK_MS,
    intervalMs: INTERVAL_MS,
    signal,
    clock: context.clock,
    fix: `Read its log: swarmup logs ${serverName(cluster)}`,
    onSeen: report,
  });
  const portainer = await portainerOf(context, signal);
  await portainer.changePassword(token, made, await adminPassword(context));
  requireDone(await signInAdministrator(context, signal), cluster);
}

type Named = Parameters<typeof serverName>[0];

function requireDone(result: AdministratorSignIn, cluster: Named): void {
  if ('notYet' in result) throw notNow(result.notYet, cluster);
  if ('refused' in result) throw notNow(result.refused, cluster);
}

function notNow(said: string, cluster: Named): SwarmupError {
  return new SwarmupError('PORTAINER_FAILED', `Portainer refuses the administrator's login: ${said}`, {
    fix: `Check that it runs (swarmup status) and read its log (swarmup logs ${serverName(cluster)}), then run again.`,
  });
}
