import type { Cluster } from '../config/model.ts';
import { requiredImages } from '../config/selections.ts';
import { DOCKER_HUB, registryOf } from '../util/image-reference.ts';

/**
 * The addresses of the registries that every node must be able to pull from. Excluded are registries of images that are
 * built here or may be skipped, and Docker Hub if mirrors replace it. Behind a proxy nothing is connected to directly,
 * so there are none.
 */
export function registriesOf(cluster: Cluster): readonly string[] {
  if (cluster.images.whenUnreachable === 'build' || cluster.docker.proxy !== undefined) return [];
  const needed = requiredImages(cluster).filter(({ optional }) => !optional);
  const hosts = new Set(needed.map(({ name }) => registryOf(name)));
  if ('registry-mirrors' in cluster.docker.daemon) hosts.delete(DOCKER_HUB);
  return [...hosts].map((host) => `https://${host}`);
}
