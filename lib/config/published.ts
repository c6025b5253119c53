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

interface Claim {
  readonly owner: string;
  readonly mode: PublishedPort['mode'];
}

/**
 * Reports ports that are published twice: the routing mesh allows each port once. Two services may publish one port in
 * host mode, as long as no node runs both; that is known only once they run.
 */
export function noPortTwice(services: readonly ServiceSpec[], stacks: readonly StackSpec[], reporter: Reporter): void {
  const claims = new Map<string, Claim>();
  const claim = (owner: string, { published, protocol, mode }: PublishedPort, place: Path) => {
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
    service.ports.forEach((port, i) => claim(`service ${service.name}`, port, ['services', service.name, 'ports', i]));
  for (const { name, services: all } of stacks)
    for (const service of all)
      for (const port of service.ports)
        claim(`service ${service.name} of stack ${name}`, port, ['stacks', name, 'file']);
}
