import { readFile } from 'node:fs/promises';
import { messageOf, SwarmupError } from '../util/errors.ts';
import { Secret } from '../util/secret.ts';
import type { Lock, Key } from '../contracts/backup-request.ts';

const VARIABLE = 'SWARMUP_BACKUP_PASSPHRASE';
/** Shorter passphrases can be guessed quickly. */
const SHORTEST = 8;

/** Where a passphrase comes from. */
export interface PassphraseSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks for it on the terminal; undefined where there is none. */
  readonly ask: ((question: string) => Promise<Secret>) | undefined;
}

/** @param recipients age recipients, age1…; none: a passphrase. @throws SwarmupError USAGE, NEEDS_CONFIRMATION */
export async function lockFrom(recipients: readonly string[], source: PassphraseSource): Promise<Lock> {
  for (const recipient of recipients)
    if (!/^age1[a-z0-9]+$/.test(recipient))
      throw new SwarmupError('USAGE', `'${recipient}' is not an age recipient`, {
        fix: 'A recipient begins with age1: it is the public key that age-keygen prints.',
      });
  if (recipients.length > 0) return { recipients };
  return { passphrase: await passphraseFrom(source, true) };
}

/** @param identityFile an age identity file; none: a passphrase. @throws SwarmupError USAGE, FILE_UNREADABLE */
export async function keyFrom(identityFile: string | undefined, source: PassphraseSource): Promise<Key> {
  if (identityFile === undefined) return { passphrase: await passphraseFrom(source, false) };
  let text: string;
  try {
    text = await readFile(identityFile, 'utf8');
  } catch (cause) {
    throw new SwarmupError('USAGE', `${identityFile} can't be read: ${messageOf(cause)}`, {
      fix: 'Name the file that age-keygen wrote: --identity FILE',
      cause,
    });
  }
  const identities = text.split('\n').filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length > 0) return { identities: identities.map((line) => new Secret(line.trim())) };
  throw new SwarmupError('USAGE', `${identityFile} contains no age identity`, {
    fix: 'Name the file that age-keygen wrote: one of its lines begins with AGE-SECRET-KEY-.',
  });
}

/** From the environment, otherwise from the terminal; a new one is asked for twice. */
async function passphraseFrom({ env, ask }: PassphraseSource, isNew: boolean): Promise<Secret> {
  const given = env[VARIABLE];
  const passphrase = given ? new Secret(given) : await askFor(ask, isNew);
  if (isNew && passphrase.reveal().length < SHORTEST)
    throw new SwarmupError('USAGE', `the passphrase is shorter than ${SHORTEST} characters`, {
      fix: 'Use a longer one: the back-up contains every secret of the cluster.',
    });
  return passphrase;
}

async function askFor(ask: PassphraseSource['ask'], isNew: boolean): Promise<Secret> {
  if (!ask)
    throw new SwarmupError(
      'NEEDS_CONFIRMATION',
      'a back-up is encrypted, and there is no terminal to ask for a passphrase on',
      {
        fix: `Set ${VARIABLE} in the environment${isNew ? ', or encrypt for an age key: --recipient age1…' : ', or name an age identity: --identity FILE'}.`,
      },
    );
  const first = await ask('Passphrase of the back-up:');
  if (isNew && (await ask('Once more:')).reveal() !== first.reveal())
    throw new SwarmupError('USAGE', 'the two passphrases differ', { fix: 'Try again.' });
  return first;
}
