import { z } from 'zod';
import { text } from './service/entries.ts';

const content = (what: string) =>
  z
    .strictObject({
      file: z.string().min(1).optional().describe(`A file with the ${what}, relative to the cluster file.`),
      value: text().optional().describe(`The ${what} itself, such as \${VARIABLE} of the environment.`),
      external: z.boolean().default(false).describe('It already exists in the swarm under this name.'),
    })
    .refine((one) => Number(one.file !== undefined) + Number(one.value !== undefined) + Number(one.external) === 1, {
      error: 'expected one of file, value and external: true',
    });

export const secret = content('secret').describe('A secret; its name in the swarm depends on its content.');
export const config = content('config').describe('A config; its name in the swarm depends on its content.');
