import { SwarmupError } from '../util/errors.ts';
import { concernNetwork, linkTable } from './link-matrix.ts';
import type { Finding, Survey } from '../contracts/preflight.ts';

/** Everything that keeps a host from being a node, as one error: nothing was changed yet. */
export function preflightError(
  node: string,
  findings: readonly Finding[],
  survey: Pick<Survey, 'hosts' | 'links'>,
): SwarmupError {
  const [first] = findings;
  const network = concernNetwork(findings) ? [linkTable(survey)] : [];
  if (first && findings.length === 1)
    return new SwarmupError('PREFLIGHT_FAILED', `${node}: ${first.message}`, {
      fix: first.fix,
      ...(network.length > 0 ? { output: network.join('\n') } : {}),
    });
  const list = findings.map(({ message, fix }) => `- ${message}\n  ${fix}`);
  return new SwarmupError('PREFLIGHT_FAILED', `${node}: ${findings.length} problems keep it from being a node`, {
    fix: "Fix each as it says; 'swarmup doctor' checks again and changes nothing.",
    output: [...list, ...network].join('\n'),
  });
}
