import type { Path } from './locate.ts';
import type { HttpCheck, ServiceSpec, StackSpec } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';
import type { ServicePort } from './service/ports.ts';

/** A port of a service; without `published` if Swarm chooses it. */
type Port = Pick<ServicePort, 'published' | 'protocol'>;

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

/** Reports ports that are published twice: the routing mesh allows each port once. */
export function noPortTwice(services: readonly ServiceSpec[], stacks: readonly StackSpec[], reporter: Reporter): void {
  const owners = new Map<string, string>();
  const claim = (owner: string, port: Port, place: Path) => {
    if (port.published === undefined) return;
    const key = `${port.published}/${port.protocol}`;
    const other = owners.get(key);
    if (other !== undefined)
      reporter.wrong(
        place,
        `port ${key} is published twice: by ${other} and by ${owner}`,
        'expected each port to be published by one service',
      );
    owners.set(key, owner);
  };
  for (const service of services)
    for (const port of service.ports)
      claim(`service ${service.name}`, port, [
        'services',
        service.name,
        'ports',
        ...(port.entry === undefined ? [] : [port.entry]),
      ]);
  for (const stack of stacks)
    for (const s of stack.services)
      for (const port of s.ports) claim(`stack ${stack.name}`, port, ['stacks', stack.name, 'file']);
}

/** The limit of a service's name in Swarm, which begins with the stack's. Source: swarmkit, validateAnnotations. */
const LONGEST_NAME = 63;

/** Reports services of stacks whose name in the swarm is another service's, or too long. */
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
      if (full.length > LONGEST_NAME)
        reporter.wrong(
          ['stacks', stack.name],
          `its service ${name} is called ${full} in the swarm`,
          `expected at most ${LONGEST_NAME} characters together`,
        );
      owners.set(full, `service ${name} of stack ${stack.name}`);
    }
}
