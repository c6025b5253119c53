import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '../util/errors.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import type { HttpCheckFile } from './http-check-schema.ts';
import type { Path } from './locate.ts';
import type { HttpCheck, ServiceSpec, StackSpec } from './model.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';
import type { ServicePort } from './service/ports.ts';

/** A port of a service; without `published` if Swarm chooses it. */
type Port = Pick<ServicePort, 'published' | 'protocol' | 'mode'>;

type Verify = ClusterFile['services'][string]['verify'];

/** The HTTP checks of a service or a stack, each on one of the ports it publishes. */
export function convertChecks(
  verify: Verify,
  ports: readonly Port[],
  place: Path,
  reporter: Reporter,
): readonly HttpCheck[] | undefined {
  if (!verify) return undefined;
  const checks = Array.isArray(verify)
    ? verify.map((one, i) => convertCheck(one, ports, [...place, i], reporter))
    : [convertCheck(verify, ports, place, reporter)];
  return checks.filter((check) => check !== undefined);
}

function convertCheck(
  { ca, ...verify }: HttpCheckFile,
  ports: readonly Port[],
  place: Path,
  reporter: Reporter,
): HttpCheck | undefined {
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
  const certificates = ca === undefined ? undefined : certificatesIn(ca, [...place, 'ca'], reporter);
  return { ...omitUndefined(verify), port, ...omitUndefined({ ca: certificates }) };
}

/** The text of a PEM file. Each certificate is parsed: a broken one would only be ignored later. */
function certificatesIn(path: string, place: Path, reporter: Reporter): string | undefined {
  const file = reporter.file(path, place);
  if (!existsSync(file)) return undefined;
  const hint = 'expected a PEM file with certificates, such as that of the authority that signed the server';
  try {
    const text = readFileSync(file, 'utf8');
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length === 0) reporter.wrong(place, `${path} contains no certificate`, hint);
    return blocks.join('\n');
  } catch (error) {
    reporter.wrong(place, `${path} can't be read: ${messageOf(error)}`, hint);
    return undefined;
  }
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
  for (const { owner, port, place } of publications(services, stacks)) claim(owner, port, place);
}

interface Publication {
  readonly owner: string;
  readonly port: Port;
  readonly place: Path;
}

function publications(services: readonly ServiceSpec[], stacks: readonly StackSpec[]): readonly Publication[] {
  return [
    ...services.flatMap(({ name, ports }) =>
      ports.map((port) => ({
        owner: `service ${name}`,
        port,
        place: ['services', name, 'ports', ...(port.entry === undefined ? [] : [port.entry])],
      })),
    ),
    ...stacks.flatMap(({ name, services: all }) =>
      all.flatMap((service) =>
        service.ports.map((port) => ({
          owner: `service ${service.name} of stack ${name}`,
          port,
          place: ['stacks', name, 'file'],
        })),
      ),
    ),
  ];
}

/**
 * Reports ports on which the nodes themselves listen: the routing mesh would redirect what they send each other. Source:
 * docs.docker.com, "Open protocols and ports".
 */
export function noPortOfSwarm(
  services: readonly ServiceSpec[],
  stacks: readonly StackSpec[],
  { swarm, reporter }: { readonly swarm: ClusterFile['swarm']; readonly reporter: Reporter },
): void {
  const uses = new Map([
    [`${swarm.listen.port}/tcp`, 'joining and managing the swarm'],
    ['7946/tcp', 'gossip between nodes'],
    ['7946/udp', 'gossip between nodes'],
    [`${swarm.dataPathPort}/udp`, 'overlay networks'],
  ]);
  for (const { owner, port, place } of publications(services, stacks)) {
    const use = uses.get(`${port.published}/${port.protocol}`);
    if (use !== undefined)
      reporter.wrong(
        place,
        `${owner} can't publish ${port.published}/${port.protocol}: the nodes use it for ${use}`,
        'expected another port',
      );
  }
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
