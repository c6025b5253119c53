import { stringify } from 'yaml';
import type { ComposeConfig } from '../../compose/types.ts';
import { composeText } from '../../compose/text/compose-text.ts';
import { print, printJson } from '../../render/output.ts';
import { understandCluster } from '../../session/understand.ts';
import { effective as deployedStack } from '../../swarm/stack-spec/effective.ts';
import { objectNames } from '../../swarm/stack.ts';
import { SwarmupError } from '../../util/errors.ts';
import { requireKnown } from '../../util/require-known.ts';
import type { CommonOptions } from '../options.ts';

interface ConfigOptions extends CommonOptions {
  readonly stack?: string;
  readonly effective?: boolean;
}

/** The cluster file as understood; or one of its stacks as Docker reads it. Needs no machine. */
export async function config({ file, example, json, stack: name, effective }: ConfigOptions): Promise<number> {
  if (effective && name === undefined)
    throw new SwarmupError('USAGE', '--effective shows a stack with what swarmup adds', { fix: 'Add --stack NAME.' });
  const { cluster, file: shown } = await understandCluster(file, { example });
  if (name === undefined) {
    if (json) printJson(shown);
    else print(stringify(shown, { lineWidth: 0, aliasDuplicateObjects: false }));
    return 0;
  }
  requireKnown(
    'stack',
    name,
    cluster.stacks.map((one) => one.name),
  );
  for (const one of cluster.stacks)
    if (one.name === name) printStack(effective ? deployedStack(one, [], objectNames(cluster)) : one.compose, json);
  return 0;
}

function printStack(compose: ComposeConfig, json: boolean | undefined): void {
  if (json) printJson(compose);
  else print(composeText(compose));
}
