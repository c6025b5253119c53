import { SwarmupError } from '../util/errors.ts';

/**
 * The error for a host's answer in an unexpected form, whose content isn't trusted.
 * @param about the subject of the query, such as "its facts"
 */
export function unreadable(host: string, about: string, output: string): SwarmupError {
  return new SwarmupError('ANSWER_UNREADABLE', `${host} sent an unreadable answer about ${about}`, {
    fix: `Check what this command prints, which should be nothing: swarmup ssh ${host} -- true`,
    output,
  });
}
