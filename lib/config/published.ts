import type { Path } from './locate.ts';
import type { HttpCheck, ServiceSpec, StackSpec } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';
import type { ServicePort } from './service/ports.ts';

/** A port of a service; without `published` if Swarm chooses it. */
type Port = Pick<ServicePort, 'published' | 'protocol' | 'mode'>;

/** The HTTP check of a service or a stack, on one of the ports it publishes. */
export function convertCheck(
  verify: ClusterFile['services'][string]['verify'],
  ports: readonly Port[],
  place: Path,
  reporter: Reporter,
): HttpCheck | undefined {
  if (!verify) return undefined;
  const port = verify.port ?? ports.find((p) => p.protocol === 'tcp' && p.published !== undefined)?.published;
  if (port === undefined) {
    reporter.wrong(
      place,
      'there is no published TCP port to check',
      "expected a published port, such as ports: ['80:80'], or verify: { port: N }",
    );
    return undefined;
  }
  if (!ports.some((p) => p.published === port && p.protocol === 'tcp')) {
    const published = ports.flatMap((p) => p.published ?? []).join(', ') || 'none';
    reporter.wrong(
      [...place, 'port'],
      `port ${port} is not published here`,
      `expected one of the published ports: ${published}`,
    );
  }
  return {
    port,
    path: verify.path,
    status: verify.status,
    ...(verify.body === undefined ? {} : { body: verify.body }),
  };
}

interface Claim {
  readonly owner: string;
  readonly mode: Port['mode'];
}

/**
 * Reports ports that are published twice: the routing mesh allows each port once. Two services may publish one port in
 * host mode, as long as no node runs both; that is known only once they run.
 */
export function noPortTwice(services: readonly ServiceSpec[], stacks: readonly StackSpec[], reporter: Reporter): void {
  const claims = new Map<string, Claim>();
  const claim = (owner: string, { published, protocol, mode }: Port, place: Path) => {
    if (published === undefined) return;
    const key = `${published}/${protocol}`;
    const other = claims.get(key);
    if (other !== undefined && !(mode === 'host' && other.mode === 'host' && other.owner !== owner))
      reporter.wrong(
        place,
        `port ${key} is published twice: by ${other.owner} and by ${owner}`,
        'expected each port to be published by one service',
      );
    claims.set(key, other?.mode === 'ingress' ? other : { owner, mode });
  };
  for (const service of services)
    for (const port of service.ports)
      claim(`service ${service.name}`, port, [
        'services',
        service.name,
        'ports',
        ...(port.entry === undefined ? [] : [port.entry]),
      ]);
  for (const { name, services: all } of stacks)
    for (const service of all)
      for (const port of service.ports)
        claim(`service ${service.name} of stack ${name}`, port, ['stacks', name, 'file']);
}

/** Reports services of stacks whose name in the swarm is another service's. */
export function noNameTwice(services: readonly ServiceSpec[], stacks: readonly StackSpec[], reporter: Reporter): void {
  const owners = new Map(services.map(({ name }) => [name, `service ${name}`]));
  for (const stack of stacks)
    for (const { name } of stack.services) {
      const full = `${stack.name}_${name}`;
      const other = owners.get(full);
      if (other !== undefined)
        reporter.wrong(
          ['stacks', stack.name],
          `its service ${name} is called ${full} in the swarm, as ${other} is`,
          'expected another name for one of them',
        );
      owners.set(full, `service ${name} of stack ${stack.name}`);
    }
}
