import type { Cluster } from '../config/model.ts';
import { Secret } from '../util/secret.ts';

/** Shorter texts occur by chance: a record without them would be unreadable. */
const SHORTEST = 6;

/**
 * The secrets in a cluster file: passwords, and the contents of Docker secrets. A program that gets one may print it,
 * for example when it fails.
 */
export function secretsOf({ portainer, nodes, objects, stacks }: Cluster): readonly Secret[] {
  const contents = [...objects, ...stacks.flatMap(({ references }) => references)].flatMap(({ kind, data }) =>
    kind === 'secret' && data ? [new Secret(Buffer.from(data.reveal(), 'base64').toString().trim())] : [],
  );
  const passwords = [portainer?.adminPassword, ...nodes.map(({ host }) => host?.sudoPassword)];
  return [...passwords, ...contents].filter(
    (secret): secret is Secret => secret !== undefined && secret.reveal().length >= SHORTEST,
  );
}
