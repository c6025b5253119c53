import type { Cluster } from '../config/model.ts';
import { partOf } from '../config/portainer-images.ts';

/** The name in the swarm of the service that is Portainer's server, for commands in fixes. */
export function serverName({ portainer, stacks }: Pick<Cluster, 'portainer' | 'stacks'>): string {
  const name = portainer?.stack ?? 'portainer';
  const stack = stacks.find((one) => one.name === name);
  const server = stack?.services.find(({ image }) => partOf(image) === 'server');
  return `${name}_${server?.name ?? 'portainer'}`;
}
