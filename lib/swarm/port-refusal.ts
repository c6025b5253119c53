import type { Cluster } from '../config/model.ts';
import type { Engine } from '../contracts/engine.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import { hasCode, messageOf, SwarmupError } from '../util/errors.ts';
import { fixFor } from './free-ports.ts';
import { ownerInWords, portsHeldBy, publishersOf, type HeldPort, type Publisher } from './publishers.ts';
import { listServices } from './read.ts';

/** Source: swarmkit, manager/controlapi/service.go, checkPortConflicts. Its message leaves out the protocol. */
const REFUSED = /port '(\d+)' is already in use by service '([^']+)' \((\w+)\) as an? (ingress|host-published) port/;

/** A change of services that the managers may refuse because of a port. */
export interface Publishing {
  readonly manager: Engine;
  readonly cluster: Cluster;
  /** The service or stack in words, such as "service web". */
  readonly what: string;
}

/**
 * Makes a change of services; when the managers refuse it because another service has a port, the error tells which, and
 * what to do.
 *
 * @throws SwarmupError PORT_TAKEN; transient if the other service gives the port up in the same run
 */
export async function namingPortOwner<T>(publishing: Publishing, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    const output = error instanceof SwarmupError ? (error.output ?? '') : '';
    const refusal = REFUSED.exec(`${messageOf(error)}\n${output}`);
    if (!refusal) throw error;
    const [, port = '', name = '', id = '', mode] = refusal;
    const leaving = publishersOf(publishing.cluster).find((one) => one.name === name);
    // Of a stack, the error names the line of its file already; but not that the other one gives the port up.
    if (hasCode(error, 'STACK_INVALID') && !leaves(leaving, Number(port))) throw error;
    const owner = (await listServices(publishing.manager)).find(({ ID, Spec }) => ID === id || Spec.Name === name);
    throw refusedPort(
      publishing,
      { port: Number(port), name, mode: mode === 'ingress' ? 'ingress' : 'host' },
      owner,
      error,
    );
  }
}

/** Whether the cluster file has a publisher that publishes a port no longer. */
function leaves(known: Publisher | undefined, port: number): boolean {
  return known !== undefined && !known.ports.some((one) => one.published === port);
}

interface Refusal {
  readonly port: number;
  readonly name: string;
  readonly mode: HeldPort['mode'];
}

function refusedPort(
  { manager, cluster, what }: Publishing,
  { port, name, mode }: Refusal,
  owner: SwarmService | undefined,
  cause: unknown,
): SwarmupError {
  const publishers = publishersOf(cluster);
  const known = publishers.find((one) => one.name === name);
  const held = owner && portsHeldBy(owner).find((one) => one.published === port && one.mode === mode);
  const key = held ?? { published: port, protocol: 'tcp' };
  const who = owner ? ownerInWords(owner, key, publishers) : `service ${name}`;
  const how = mode === 'host' ? ' in host mode' : '';
  const givesUp = leaves(known, port);
  return new SwarmupError('PORT_TAKEN', `${what} can't publish port ${port}: ${who} publishes it already${how}`, {
    fix: givesUp
      ? `${name} gives it up in this run: run again. So that it does so first, name it in dependsOn of the other one.`
      : owner
        ? fixFor(owner, known, cluster.name, manager.node)
        : 'It is gone meanwhile: run again.',
    transient: givesUp || owner === undefined,
    cause,
  });
}
