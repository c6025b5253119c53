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
type Port = Pick<ServicePort, 'published' | 'protocol'>;

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
