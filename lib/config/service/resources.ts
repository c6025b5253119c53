import { z } from 'zod';
import { bytes } from '../units.ts';
import { texts } from './entries.ts';

/** The least that Swarm accepts. Source: swarmkit, manager/controlapi/service.go, validateResources. */
const LEAST_CPUS = 0.001;
const LEAST_MEMORY = 4 * 2 ** 20;

const cpus = () =>
  z
    .union([z.number(), z.string().regex(/^\d*\.?\d+$/, { error: 'expected a number, such as 0.5' })])
    .transform(Number)
    .refine((count) => count === 0 || count >= LEAST_CPUS, { error: `expected at least ${LEAST_CPUS}` })
    .optional()
    .describe('Processors, such as 0.5.');

const memory = () =>
  bytes()
    .refine((size) => size === 0 || size >= LEAST_MEMORY, { error: 'expected at least 4MiB' })
    .optional()
    .describe('Such as 64MiB.');

export const limits = () =>
  z
    .strictObject({
      cpus: cpus(),
      memory: memory(),
      pids: z.int().min(0).optional().describe('Processes and threads; 0 for any number.'),
    })
    .optional()
    .describe('The most a task may use.');

/** Source: docker/cli, cli/command/service/generic_resource_opts.go: only counted ones, no named ones. */
const genericResources = () =>
  texts()
    .transform((map, ctx) => {
      for (const [kind, count] of Object.entries(map))
        if (!/^\d+$/.test(count))
          ctx.addIssue({ code: 'custom', path: [kind], message: 'expected how many a task needs' });
      return Object.fromEntries(Object.entries(map).map(([kind, count]) => [kind, Number(count)]));
    })
    .optional()
    .describe(
      'Resources that engines declare (node-generic-resources), and how many a task needs, such as { gpu: 2 }.',
    );

export const reservations = () =>
  z
    .strictObject({ cpus: cpus(), memory: memory(), genericResources: genericResources() })
    .optional()
    .describe('What a node must have free for a task.');

/** -1 for no limit. */
const limit = () => z.int().min(-1);

const pair = z.union([
  limit().transform((both) => ({ soft: both, hard: both })),
  z.string().transform((written, ctx) => {
    const [, soft, hard = soft] = /^(-1|\d+)(?::(-1|\d+))?$/.exec(written) ?? [];
    if (soft === undefined)
      ctx.addIssue({ code: 'custom', message: "expected a limit, or SOFT:HARD such as '1024:2048'" });
    return { soft: Number(soft), hard: Number(hard) };
  }),
  z.strictObject({
    soft: limit().describe('The soft limit; -1 for none.'),
    hard: limit().describe('The hard limit; -1 for none.'),
  }),
]);

export const ulimits = () =>
  z
    .record(
      z.string(),
      pair.refine(({ soft, hard }) => hard === -1 || (soft !== -1 && soft <= hard), {
        error: 'expected a soft limit that is not above the hard one',
      }),
    )
    .optional()
    .describe("Limits by name: nofile: 1024, nofile: '1024:2048', or { soft, hard }.");
