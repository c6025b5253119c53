import type { StackSpec } from '../config/model.ts';
import type { Host } from '../contracts/host.ts';
import { Secret } from '../util/secret.ts';
import { additionsFile, type Addition } from './stack.ts';

/**
 * Arguments: the stack, and the variables that its file asks for, none of which is to be set. The first line of the input is what is
 * added, which only this shell and docker see; the rest is the user's own file, to the letter. (`--detach` isn't known before Docker 26,
 * and is what it does anyway.)
 */
const DEPLOY = [
  'stack=$1; shift; for name in "$@"; do unset "$name"; done',
  'IFS= read -r additions || exit 1',
  'exec 4<&0',
  `printf '%s\\n' "$additions" |`,
  'docker stack deploy --resolve-image changed -c - -c /dev/fd/3 "$stack" 3<&0 <&4 4<&-',
].join('\n');

/**
 * Deploys a stack from a manager. There is no API for it: it is docker's own command, which reads the Compose file.
 *
 * @param additions what swarmup adds to the file's services
 * @throws SwarmupError COMMAND_FAILED with what docker says
 */
export async function deployStack(
  manager: Host,
  stack: StackSpec,
  additions: readonly Addition[],
  signal: AbortSignal,
): Promise<void> {
  await manager.run(['sh', '-c', DEPLOY, 'swarmup-stack', stack.name, ...stack.variables], {
    // It may have secrets in it.
    input: new Secret(`${additionsFile(stack, additions).reveal()}\n${stack.text}`),
    signal,
    fix: `Correct ${stack.file} as Docker's message below says.`,
  });
}
