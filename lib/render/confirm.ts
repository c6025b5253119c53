import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { SwarmupError } from '../util/errors.ts';
import { Secret } from '../util/secret.ts';
import { visibleLine } from '../util/visible.ts';
import { harmless } from './guard.ts';
import { writeStderr } from './output.ts';

/** Whether there is a user to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks a yes-or-no question on the terminal.
 * @throws SwarmupError NEEDS_CONFIRMATION when there is no terminal to ask on
 */
export async function confirm(question: string): Promise<boolean> {
  if (!canAsk()) {
    throw new SwarmupError('NEEDS_CONFIRMATION', `${question} There is no terminal to ask on.`, {
      fix: 'Run it again with --yes.',
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(harmless(`${question} [y/N] `))).trim());
  } finally {
    prompt.close();
  }
}

/** Lists what would be done, and asks whether to do it. @param sentences of changes; none needs no answer */
export async function agreeTo(sentences: readonly string[], question: string): Promise<boolean> {
  if (sentences.length === 0) return true;
  writeStderr(`${sentences.map((sentence) => `- ${visibleLine(sentence)}\n`).join('')}\n`);
  return confirm(question);
}

/** Asks for a password without showing it. Only if `canAsk`. */
export async function askSecret(question: string): Promise<Secret> {
  writeStderr(`${question} `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return new Secret(await prompt.question(''));
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}
