import { openPrefixed, printJson } from '../../render/output.ts';
import { asSwarmupError, SwarmupError } from '../../util/errors.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { requireKnown } from '../../util/require-known.ts';

/** How long a command may take by default: one node that hangs must not hold up the results of the others. */
const HOUR_MS = 3_600_000;

interface ExecOptions extends CommonOptions {
  readonly role?: string;
  readonly node?: readonly string[];
  /** How long the command may take on each node, in milliseconds; 0 for as long as it likes. */
  readonly timeout?: number;
}

/**
 * Runs a command on every node in parallel, each line prefixed with the node's name.
 * @returns 1 when it failed anywhere
 */
export async function exec(argv: readonly string[], options: ExecOptions): Promise<number> {
  const { timeout = HOUR_MS } = options;
  return withSession(await clusterOf(options), options, async ({ context, signal }) => {
    if (options.role !== undefined) requireKnown('role', options.role, ['manager', 'worker']);
    const names = options.node;
    for (const name of names ?? [])
      requireKnown(
        'node',
        name,
        context.cluster.nodes.map((node) => node.name),
      );
    const nodes = context.cluster.nodes.filter(
      (node) => (!options.role || node.role === options.role) && (names?.includes(node.name) ?? true),
    );
    if (nodes.length === 0)
      throw new SwarmupError('USAGE', 'no node is selected', {
        fix: 'Leave --role and --node out, or name nodes that exist.',
      });
    const width = Math.max(...nodes.map((node) => node.name.length));
    const results = await Promise.all(
      nodes.map(async ({ name }) => {
        const onLine = options.json ? undefined : openPrefixed(name.padEnd(width));
        try {
          const host = await context.remote.host(name, signal);
          const output = await host.run(argv, {
            signal,
            asRoot: false,
            okExit: 'any',
            partial: true,
            withinMs: timeout === 0 ? Number.POSITIVE_INFINITY : timeout,
            ...(onLine ? { onLine } : {}),
          });
          return { node: name, ...output };
        } catch (thrown) {
          const error = asSwarmupError(thrown);
          onLine?.(error.message);
          return { node: name, exitCode: 255, stdout: '', stderr: error.message };
        }
      }),
    );
    if (options.json) printJson(results);
    if (signal.aborted) return 130;
    return results.every((result) => result.exitCode === 0) ? 0 : 1;
  });
}
