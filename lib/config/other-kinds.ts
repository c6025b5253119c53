import { isMap, type Document } from 'yaml';
import { SwarmupError } from '../util/errors.ts';

/** Keys that only a cluster file has. */
const OWN = ['provider', 'providers', 'nodes', 'swarm', 'stacks'] as const;

/**
 * Refuses a document that is no cluster file at all in one sentence, instead of by each key that it lacks.
 *
 * @param shown the file's name
 * @throws SwarmupError CONFIG_INVALID
 */
export function refuseOtherKinds({ contents }: Document, shown: string): void {
  const refuse = (what: string, fix: string) => {
    throw new SwarmupError('CONFIG_INVALID', `${shown} is ${what}`, { fix });
  };
  if (contents === null)
    refuse('empty', 'README.md shows a cluster file. To try an example: swarmup up --example local');
  if (!isMap(contents) || OWN.some((key) => contents.has(key))) return;
  if (contents.has('apiVersion') && contents.has('kind'))
    refuse('a manifest for Kubernetes, not a cluster file', 'Docker Swarm runs services and Compose files instead.');
  if (contents.has('services'))
    refuse(
      'a Compose file, not a cluster file',
      `Name it as a stack in a cluster file: stacks: { NAME: { file: ${JSON.stringify(shown)} } }`,
    );
}
