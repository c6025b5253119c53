import { SwarmupError } from '../util/errors.ts';
import type { PostMortem } from '../util/post-mortem.ts';
import { quote } from '../util/shell-quote.ts';
import { mayEnd } from './ending.ts';
import { examine, type PostMortemOptions } from './post-mortem.ts';
import { PINNED_LABEL } from './stack.ts';
import type { TaskAdvice } from './task-errors.ts';
import type { PermanentFailure } from './verdict.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';

/** The error of a failed service, with everything that explains it. */
export async function serviceFailed(
  service: SwarmService,
  { why, culprit }: PermanentFailure,
  options: PostMortemOptions,
): Promise<SwarmupError> {
  const nowhere = isNowhere(why);
  const { postMortem, advice } = await examine({ service, culprit, nowhere }, options);
  const output = postMortem.tasks[0]?.log;
  return new SwarmupError('SERVICE_FAILED', `service ${service.Spec.Name} ${why}`, {
    fix: fixFor(service, why, { advice, postMortem }),
    postMortem,
    ...(output === undefined ? {} : { output }),
  });
}

/** The error of a wait that took too long, with what is known about the service that it waited for. */
export async function tooLate(
  service: SwarmService,
  error: SwarmupError,
  options: PostMortemOptions,
): Promise<SwarmupError> {
  const { code, message, fix } = error;
  const { postMortem, advice } = await examine({ service, nowhere: false }, options);
  const output = postMortem.tasks[0]?.log;
  return new SwarmupError(code, message, {
    fix: advice?.fix ?? fix,
    postMortem,
    ...(output === undefined ? {} : { output }),
  });
}

function isNowhere(why: string): boolean {
  return why.includes('no suitable node');
}

interface Known {
  readonly advice: TaskAdvice | undefined;
  readonly postMortem: PostMortem;
}

function fixFor({ Spec }: SwarmService, why: string, { advice, postMortem }: Known): string {
  const { Name: name, Labels } = Spec;
  if (isNowhere(why) && Labels?.[PINNED_LABEL] !== undefined)
    return "It is pinned to the node that holds its data: bring that node back ('swarmup status' shows its state; if drained: 'swarmup activate NODE'), or choose another node, without the data: portainer.node.";
  if (isNowhere(why)) return placeFix(postMortem);
  if (/never completes/.test(why))
    return 'Make it a job (mode: replicated-job), or give it restart: { condition: on-failure }; or depend on it as running.';
  // A program's own failure says least: what the service is for says more.
  if (advice && advice.kind !== 'exit') return advice.fix;
  if (/keep ending/.test(why))
    return `The program has to stay in the foreground, and its health check has to pass. Its output: swarmup logs ${name}`;
  if (mayEnd(Spec))
    return `Correct the cause: a changed specification starts it again, and so does 'swarmup rerun ${name}'. Its output: swarmup logs ${name}`;
  return advice?.fix ?? `For its tasks and their errors: swarmup status; for their output: swarmup logs ${name}`;
}

/** What would make a node take the tasks, by what the nodes lack. */
function placeFix({ refusals }: PostMortem): string {
  const all = refusals.flatMap(({ reasons }) => reasons).join('\n');
  const away = refusals.filter(({ reasons }) => reasons.some((one) => /^is (?:drained|paused)$/.test(one)));
  const remedies = [
    ...(/^constraint/m.test(all) ? ["correct the service's constraints, or the labels of a node"] : []),
    ...(/reserved, |wanted$/m.test(all) ? ['lower its reservations'] : []),
    ...(/^host-mode port/m.test(all) ? ['free or change the host-mode port'] : []),
    ...(/the most per node/.test(all) ? ['raise maxReplicasPerNode'] : []),
    ...(/image has/.test(all) ? ["use an image for the nodes' platform"] : []),
    ...(/plugin|logging driver/.test(all) ? ['install the plugin'] : []),
    ...away.map(({ node }) => `swarmup activate ${quote([node])}`),
    'add a node that fits',
  ];
  const text = remedies.join('; or ');
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;
}
