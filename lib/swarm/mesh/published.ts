import type { MeshPort } from '../../contracts/mesh.ts';
import type { SwarmService, SwarmTask } from '../../contracts/swarm-types.ts';

/** Tasks in these states have left the network for good. Source: swarmkit, api/types.proto, TaskState. */
const ENDED = ['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'];

/** The TCP ports that services publish through the ingress network, with the addresses of their tasks in it. Pure. */
export function publishedThrough(
  network: string,
  services: readonly SwarmService[],
  tasks: readonly SwarmTask[],
): readonly MeshPort[] {
  return services.flatMap(({ ID, Spec, Endpoint }) => {
    const own = tasks.filter(({ ServiceID, Status }) => ServiceID === ID && !ENDED.includes(Status.State));
    const runs = ({ Status, DesiredState }: SwarmTask) => Status.State === 'running' && DesiredState === 'running';
    const addresses = (some: readonly SwarmTask[]) => some.flatMap((task) => addressIn(network, task) ?? []);
    const of = { running: addresses(own.filter(runs)), passing: addresses(own.filter((task) => !runs(task))) };
    return (Endpoint?.Ports ?? []).flatMap(({ PublishedPort: port, Protocol, PublishMode }) =>
      port !== undefined && Protocol === 'tcp' && PublishMode === 'ingress'
        ? [{ port, service: Spec.Name, ...of }]
        : [],
    );
  });
}

function addressIn(network: string, { NetworksAttachments }: SwarmTask): string | undefined {
  const own = NetworksAttachments?.find(({ Network }) => Network?.ID === network);
  return own?.Addresses?.[0]?.replace(/\/\d+$/, '');
}
