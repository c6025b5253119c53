import { SwarmupError } from '../../util/errors.ts';
import { ENGINE_WORDS } from './engine-words.ts';

/** Source: docker/cli, cli/command/stack, remove.go. */
const LEFT = /Failed to remove (service|network|secret|config) ([^\s:]+): (?:Error response from daemon: )?([^\n]*)/;

/**
 * The error of a stack of which `docker stack rm` left something.
 *
 * @param names of networks and services by their IDs
 */
export function removalRefusal(
  stack: string,
  { output = '', fix, transient, cause }: SwarmupError,
  manager: string,
  names: ReadonlyMap<string, string>,
): SwarmupError {
  // docker ends these lines without a line feed.
  const lines = output.replace(/(?<=\S)(?=failed to remove )/gi, '\n');
  const named = lines.replace(/\b[a-z0-9]{25}\b/g, (id) => names.get(id) ?? id);
  const [, , name = '', words = ''] = LEFT.exec(named) ?? [];
  for (const { words: pattern, cause: told, fix: how, isOfSwarm } of ENGINE_WORDS) {
    const found = isOfSwarm ? pattern.exec(words) : undefined;
    if (!found) continue;
    const context = { manager, stack, kind: 'network', name, key: name } as const;
    return new SwarmupError('ENGINE_REFUSED', `stack ${stack} is not removed completely: ${told(context, found)}`, {
      fix: how(context, found),
      output: named,
      transient,
      cause,
    });
  }
  return new SwarmupError('ENGINE_REFUSED', `${manager}: 'docker stack rm ${stack}' failed`, {
    fix,
    output: named,
    transient,
    cause,
  });
}
