import type { z } from 'zod';
import type { ServicePort } from './ports.ts';

type Mode = 'replicated' | 'global' | 'replicated-job' | 'global-job';

/** What the rules below look at. */
interface Checked {
  readonly mode: Mode;
  readonly endpointMode?: 'vip' | 'dnsrr' | undefined;
  readonly ports: readonly ServicePort[];
  readonly environment?: object | undefined;
  readonly env: object;
}

/**
 * The keys that don't go with every mode. Source: docker/cli, cli/command/service/opts.go, ToServiceMode and ToService;
 * swarmkit, manager/controlapi/service.go, validateJob.
 */
const ONLY_WITH: Readonly<Record<string, readonly Mode[]>> = {
  replicas: ['replicated'],
  total: ['replicated-job'],
  concurrent: ['replicated-job'],
  maxReplicasPerNode: ['replicated', 'replicated-job'],
  update: ['replicated', 'global'],
  rollback: ['replicated', 'global'],
};

/** Reports keys of a service that contradict each other. */
export function contradictions(service: Checked, ctx: z.RefinementCtx): void {
  const wrong = (key: string, message: string) => ctx.addIssue({ code: 'custom', path: [key], message });
  const { mode, endpointMode, ports } = service;
  for (const [key, modes] of Object.entries(ONLY_WITH))
    if (Reflect.get(service, key) !== undefined && !modes.includes(mode)) wrong(key, notWith(key, mode, modes));
  if (endpointMode === 'dnsrr' && ports.some((port) => port.mode === 'ingress'))
    wrong('ports', 'expected ports with mode: host, as the routing mesh needs endpointMode: vip');
  if (service.environment !== undefined && Object.keys(service.env).length > 0)
    wrong('environment', 'expected only one of env and environment, which mean the same');
}

function notWith(key: string, mode: Mode, modes: readonly Mode[]): string {
  if (key === 'replicas' && mode === 'replicated-job')
    return 'expected total with mode: replicated-job, and concurrent for how many run at the same time';
  const everywhere = mode.startsWith('global') ? ', which runs one task on every node that fits' : '';
  return everywhere
    ? `expected no ${key} with mode: ${mode}${everywhere}`
    : `expected it only with mode: ${modes.join(' or ')}`;
}
