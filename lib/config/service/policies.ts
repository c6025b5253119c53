import { z } from 'zod';
import { duration } from '../units.ts';

const policy = <F extends z.ZodType>(onFailure: F) =>
  z.strictObject({
    parallelism: z.int().min(0).default(1).describe('How many tasks are replaced at once; 0 for all.'),
    delay: duration().default(0).describe('The delay between batches; default: none.'),
    monitor: duration().default(5e9).describe('How long a new task is watched for a failure; default: 5s.'),
    maxFailureRatio: z.number().min(0).max(1).default(0).describe('The fraction of tasks that may fail.'),
    order: z
      .enum(['stop-first', 'start-first'])
      .default('stop-first')
      .describe('start-first: a new task runs before the old one is stopped.'),
    onFailure,
  });

export const update = () =>
  policy(z.enum(['rollback', 'pause', 'continue']).default('rollback'))
    .optional()
    .describe('How updates roll out; default: one task at a time, with a roll-back when one fails.');

export const rollback = () =>
  policy(z.enum(['pause', 'continue']).default('pause'))
    .optional()
    .describe('How roll-backs roll out.');

const condition = () => z.enum(['none', 'on-failure', 'any']);

const restartParts = z.strictObject({
  condition: condition().default('any').describe('After which exits a task is restarted.'),
  delay: duration().default(5e9).describe('The delay before a restart; default: 5s.'),
  maxAttempts: z.int().min(0).default(0).describe('How many restarts at most; 0 for no limit.'),
  window: duration()
    .default(0)
    .describe('The time window in which attempts are counted, such as 10m; default: no limit.'),
});

export const restart = () =>
  z
    .union([condition().transform((one) => restartParts.parse({ condition: one })), restartParts])
    .optional()
    .describe('When tasks that ended are restarted: none, on-failure or any, or the parts.');

const words = z.union([z.string().min(1), z.array(z.string()).min(1)]);

/** Without a test of its own, the image's is used, with the other keys in place of the image's. */
export const healthcheck = () =>
  z
    .union([
      z.literal('none'),
      z.strictObject({
        test: words.optional().describe("A shell command, or a command as a list of words; default: the image's own."),
        interval: duration().optional().describe('The time between two checks; default: 30s.'),
        timeout: duration().optional().describe('How long one may take; default: 30s.'),
        startPeriod: duration().optional().describe('How long failures are ignored after a start; default: 0s.'),
        startInterval: duration()
          .optional()
          .describe('The time between two checks during startPeriod; default: 5s. From Docker 25 on.'),
        retries: z
          .int()
          .min(1)
          .optional()
          .describe('The number of consecutive failures after which a task counts as unhealthy; default: 3.'),
      }),
    ])
    .optional()
    .describe("How a task's health is checked; none disables the image's own check.");
