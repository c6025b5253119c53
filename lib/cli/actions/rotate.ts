import { SwarmupError } from '../../util/errors.ts';
import { confirm } from '../../render/confirm.ts';
import { print, writeStderr } from '../../render/output.ts';
import { underLock, type Session } from '../../pipeline/run-pipeline.ts';
import { rotateCa } from '../../swarm/rotate-ca.ts';
import { PASSWORD_FILE } from '../../portainer/secrets.ts';
import { rotatePassword } from '../../portainer/rotate.ts';
import { unlockKeyOf, updateSwarm } from '../../swarm/settings.ts';
import { forgetUnlockKey, keepUnlockKey } from '../../swarm/unlock-key.ts';
import type { RunOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { requireKnown } from '../../util/require-known.ts';

export interface RotateOptions extends RunOptions {
  readonly print?: boolean;
}

const CA_QUESTION =
  'Replace the root certificate of NAME? Every node gets a new certificate; those that are away must join again.';

const WHAT = ['tokens', 'ca', 'unlock-key', 'portainer-password'] as const;

/** New join tokens, a new root certificate, a new unlock key, or another password for Portainer's administrator. */
export async function rotate(what: string, options: RotateOptions): Promise<number> {
  requireKnown('thing to rotate', what, WHAT);
  const cluster = await clusterOf(options);
  if (what === 'ca' && !options.yes && !(await confirm(CA_QUESTION.replace('NAME', cluster.name)))) return 1;
  return withSession(cluster, { ...options, asRoot: true }, async (session) => {
    const lock = { command: `rotate ${what}`, waitMs: options.lockWait ?? 0 };
    await underLock(lock, session, async () => {
      if (what === 'tokens') await rotateTokens(session);
      else if (what === 'ca') await rotateRoot(session);
      else if (what === 'unlock-key') await rotateUnlockKey(session, options.print ?? false);
      else await rotatePortainerPassword(session);
    });
    return 0;
  });
}

async function rotateTokens({ context, signal }: Session): Promise<void> {
  const manager = await context.swarm.manager(signal);
  const both = { rotateManagerToken: true, rotateWorkerToken: true } as const;
  await updateSwarm(manager, 'rotate the join tokens', (spec) => spec, both);
  print('Join tokens rotated: the old ones no longer work.\n');
}

async function rotateRoot({ context, signal }: Session): Promise<void> {
  const nodes = await rotateCa(context, signal, (line) => writeStderr(`${line}\n`));
  print(`Root certificate rotated: ${nodes} nodes have certificates signed by the new one.\n`);
}

async function rotateUnlockKey({ context, signal }: Session, shown: boolean): Promise<void> {
  const manager = await context.swarm.manager(signal);
  if (!(await unlockKeyOf(manager)))
    throw new SwarmupError('USAGE', 'autolock is off: there is no unlock key to rotate', {
      fix: 'Switch it on first: set swarm: { autolock: true } and run swarmup up.',
    });
  await updateSwarm(manager, 'rotate the unlock key', (spec) => spec, { rotateManagerUnlockKey: true });
  const key = await unlockKeyOf(manager);
  if (shown && key) {
    await forgetUnlockKey(context.state);
    print(`${key.reveal()}\n`);
    return;
  }
  await keepUnlockKey(context.state, key);
  print(`Unlock key rotated, and kept in ${context.state.path}.\n`);
}

async function rotatePortainerPassword({ context, signal }: Session): Promise<void> {
  const { cluster, state } = context;
  await rotatePassword(context, { signal, report: (line) => writeStderr(`${line}\n`) });
  const where = cluster.portainer?.adminPassword ? "the cluster file's" : `kept in ${state.file(PASSWORD_FILE)}`;
  print(`The password of Portainer's administrator was rotated: it is ${where}.\n`);
}
