import type { StackSpec } from '../config/model.ts';
import type { Host } from '../contracts/host.ts';
import { Secret } from '../util/secret.ts';
import { additionsFile, type Addition } from './stack.ts';

/**
 * Arguments: the stack, and the variables that its file refers to, which are unset. The first line of the input
 * contains the additions, which only this shell and docker see; the rest is the user's own file, unchanged. (`--detach`
 * is unknown before Docker 26, and is the default anyway.)
 */
const DEPLOY = [
  'stack=$1; shift; for name in "$@"; do unset "$name"; done',
  'IFS= read -r additions || exit 1',
  'exec 4<&0',
  `printf '%s\\n' "$additions" |`,
  'docker stack deploy --resolve-image changed -c - -c /dev/fd/3 "$stack" 3<&0 <&4 4<&-',
].join('\n');

/**
 * Deploys a stack from a manager. There is no API for it: the docker command reads the Compose file.
 *
 * @param additions what swarmup adds to the file's services
 * @throws SwarmupError COMMAND_FAILED with docker's message
 */
export async function deployStack(
  manager: Host,
  stack: StackSpec,
  additions: readonly Addition[],
  signal: AbortSignal,
): Promise<void> {
  await manager.run(['sh', '-c', DEPLOY, 'swarmup-stack', stack.name, ...stack.variables], {
    // It may contain secrets.
    input: new Secret(`${additionsFile(stack, additions).reveal()}\n${stack.text}`),
    signal,
    fix: `Correct the error in ${stack.file} that Docker reports below.`,
  });
}
