import type { Cluster } from '../config/model.ts';
import { requiredImages } from '../config/selections.ts';
import { DOCKER_HUB, registryOf } from '../util/image-reference.ts';

/**
 * The registries that every node must be able to fetch from, as addresses. Those whose images are built here or may be left out are
 * none of them, nor is Docker Hub where mirrors stand in for it. Behind a proxy there is nothing to connect to directly.
 */
export function registriesOf(cluster: Cluster): readonly string[] {
  if (cluster.images.whenUnreachable === 'build' || cluster.docker.proxy !== undefined) return [];
  const needed = requiredImages(cluster).filter(({ optional }) => !optional);
  const hosts = new Set(needed.map(({ name }) => registryOf(name)));
  if ('registry-mirrors' in cluster.docker.daemon) hosts.delete(DOCKER_HUB);
  return [...hosts].map((host) => `https://${host}`);
}
