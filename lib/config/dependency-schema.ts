import { z } from 'zod';

const CONDITIONS = ['running', 'healthy', 'completed'] as const;

export const dependsOn = z
  .union([z.array(z.string().min(1)), z.record(z.string().min(1), z.enum(CONDITIONS))])
  .describe(
    'Services and stacks of this file that are deployed first, by name. As a map, what is awaited of each: running, healthy ' +
      '(running, with a health check), or completed (jobs, and services with restart: none or on-failure). A stack means all its services; ' +
      'STACK_SERVICE one of them.',
  );

export type DependsOn = z.output<typeof dependsOn>;
