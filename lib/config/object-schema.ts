import { z } from 'zod';

/** An overlay network for services. */
export const overlay = z
  .strictObject({
    external: z.boolean().default(false).describe('It already exists in the swarm and is left unchanged.'),
    attachable: z.boolean().default(false).describe('Whether containers outside services may join it.'),
    encrypted: z.boolean().default(false).describe('Whether traffic between nodes is encrypted (IPsec).'),
    internal: z.boolean().default(false).describe('Whether it has no connection to the outside.'),
    subnet: z.cidrv4().optional().describe("Its addresses; default: a free part of the swarm's address pool."),
  })
  .describe('An overlay network, as `docker network create --driver overlay`.');

const content = (what: string) =>
  z
    .strictObject({
      file: z.string().min(1).optional().describe(`A file with the ${what}, relative to the cluster file.`),
      value: z.string().optional().describe(`The ${what} itself, such as \${VARIABLE} of the environment.`),
      external: z.boolean().default(false).describe('It already exists in the swarm under this name.'),
    })
    .refine((one) => Number(one.file !== undefined) + Number(one.value !== undefined) + Number(one.external) === 1, {
      error: 'expected one of file, value and external: true',
    });

export const secret = content('secret').describe('A secret; its name in the swarm depends on its content.');
export const config = content('config').describe('A config; its name in the swarm depends on its content.');
