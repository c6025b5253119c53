import { SwarmupError } from '../util/errors.ts';

/**
 * A host's answer isn't in the form that was asked for: whatever it says is not believed.
 *
 * @param about what was asked, such as "its facts"
 */
export function unreadable(host: string, about: string, output: string): SwarmupError {
  return new SwarmupError('ANSWER_UNREADABLE', `${host} gives no answer that can be read about ${about}`, {
    fix: `See what a command prints there, which should be nothing: swarmup ssh ${host} -- true`,
    output,
  });
}
