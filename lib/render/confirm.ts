import { createInterface } from 'node:readline/promises';
import { SwarmupError } from '../errors.ts';

/** Asks a yes-or-no question on the terminal. @throws SwarmupError NEEDS_CONFIRMATION when there is nobody to ask */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SwarmupError('NEEDS_CONFIRMATION', `${question} There is no terminal to ask on.`, {
      fix: 'Run it again with --yes.',
    });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
