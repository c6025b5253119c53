import { SwarmupError } from '../../util/errors.ts';
import { openPrefixed, printJson } from '../../render/output.ts';
import { readLogs, type LogLine } from '../../swarm/logs.ts';
import { listServices } from '../../swarm/read.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { requireKnown } from '../../util/require-known.ts';

export interface LogsOptions extends Omit<CommonOptions, 'file'> {
  /** True for `-f` without a name after it: it then means --follow. */
  readonly file?: string | true;
  readonly follow?: boolean;
  readonly tail?: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly timestamps?: boolean;
}

/** The output of the tasks of any service in the swarm, each line prefixed with its task and node. */
export async function logs(name: string | undefined, options: LogsOptions): Promise<number> {
  const { json, tail, since, timestamps, file, ...rest } = options;
  const follow = (options.follow ?? false) || file === true;
  if (name === undefined)
    throw new SwarmupError('USAGE', 'no service is named', {
      fix: "Name it first: swarmup logs web -f. (A name right after -f is the cluster file's.)",
    });
  if (json && follow)
    throw new SwarmupError('USAGE', '--json prints one document at the end, and --follow has no end', {
      fix: 'Leave one of them out.',
    });
  const common = { ...rest, ...(typeof file === 'string' ? { file } : {}) };
  return withSession(await clusterOf(common), common, async ({ context, signal }) => {
    const manager = await context.swarm.manager(signal);
    const services = await listServices(manager);
    const names = services.map(({ Spec }) => Spec.Name);
    requireKnown('service', name, names);
    const service = services[names.indexOf(name)];
    if (!service) return 1;
    const lines: LogLine[] = [];
    const show = ({ task, node, time, text }: LogLine) =>
      openPrefixed(`${timestamps ? `${time} ` : ''}${task}@${node}`)(text);
    const from = since === undefined ? undefined : Math.floor((context.clock.now() - since) / 1000);
    const request = { follow, tail, since: from, signal };
    await readLogs(manager, service, request, (line) => void (json ? lines.push(line) : show(line)));
    if (json) printJson({ service: name, lines });
    return signal.aborted ? 130 : 0;
  });
}
