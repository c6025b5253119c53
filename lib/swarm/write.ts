import { createService as post, updateService as postUpdate, type RegistryAuth } from '../remote/engine-api.ts';
import type { Engine } from '../contracts/engine.ts';
import type { ServiceSpecification, SwarmService } from '../contracts/swarm-types.ts';

/** Requests to managers that change services. */

export async function createService(
  manager: Engine,
  spec: ServiceSpecification,
  auth: RegistryAuth | undefined,
): Promise<void> {
  await manager.call(`create service ${spec.Name}`, (docker) => post(docker, spec, auth));
}

/**
 * Replaces a service's specification; the engine refuses if it has changed since it was read.
 * @param auth undefined: the nodes keep using the credentials they have. Source: POST /services/{id}/update,
 * registryAuthFrom
 */
export async function updateService(
  manager: Engine,
  { ID, Version, Spec: { Name } }: SwarmService,
  body: ServiceSpecification,
  auth?: RegistryAuth,
): Promise<void> {
  const query = { version: Version.Index, ...(auth ? {} : { registryAuthFrom: 'spec' }) };
  await manager.call(`update service ${Name}`, (docker) => postUpdate(docker, ID, { query, body, auth }));
}

/**
 * Rolls a service back to the specification before its last update, which Swarm keeps. Source: as above,
 * rollback=previous.
 */
export async function rollBackService(manager: Engine, { ID, Version, Spec }: SwarmService): Promise<void> {
  const query = { version: Version.Index, rollback: 'previous', registryAuthFrom: 'previous-spec' };
  await manager.call(`roll service ${Spec.Name} back`, (docker) => postUpdate(docker, ID, { query, body: Spec }));
}
