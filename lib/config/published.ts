import type { Path } from './locate.ts';
import type { HttpCheck, PublishedPort, ServiceSpec, StackSpec } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** The HTTP check of a service or a stack, on one of the ports it publishes. */
export function convertCheck(
  verify: ClusterFile['services'][string]['verify'],
  ports: readonly PublishedPort[],
  place: Path,
  reporter: Reporter,
): HttpCheck | undefined {
  if (!verify) return undefined;
  const port = verify.port ?? ports.find((p) => p.protocol === 'tcp')?.published;
  if (port === undefined) {
    reporter.wrong(
      place,
      'there is no published TCP port to check',
      "expected a published port, such as ports: ['80:80'], or verify: { port: N }",
    );
    return undefined;
  }
  if (!ports.some((p) => p.published === port && p.protocol === 'tcp')) {
    const published = ports.map((p) => p.published).join(', ') || 'none';
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
  const claim = (owner: string, port: PublishedPort, place: Path) => {
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
    service.ports.forEach((port, i) => claim(`service ${service.name}`, port, ['services', service.name, 'ports', i]));
  for (const stack of stacks)
    for (const s of stack.services)
      for (const port of s.ports) claim(`stack ${stack.name}`, port, ['stacks', stack.name, 'file']);
}
