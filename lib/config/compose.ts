import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { PublishedPort, StackService } from './model.ts';

const composeService = z.looseObject({
  image: z.string(),
  ports: z
    .array(
      z.union([
        z.string(),
        z.number(),
        z.looseObject({
          target: z.coerce.number(),
          published: z.coerce.number().optional(),
          protocol: z.string().optional(),
          mode: z.string().optional(),
        }),
      ]),
    )
    .default([]),
  environment: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).default([]),
  volumes: z
    .array(z.union([z.string(), z.looseObject({ type: z.string().optional(), source: z.string().optional() })]))
    .default([]),
  deploy: z
    .looseObject({ placement: z.looseObject({ constraints: z.array(z.string()).default([]) }).prefault({}) })
    .prefault({}),
});

const composeFile = z.looseObject({
  services: z.record(z.string(), composeService),
  secrets: z
    .record(z.string(), z.looseObject({ external: z.boolean().optional(), name: z.string().optional() }).nullable())
    .default({}),
  volumes: z
    .record(
      z.string(),
      z.looseObject({ driver: z.string().optional(), driver_opts: z.unknown().optional() }).nullable(),
    )
    .default({}),
});

export interface ComposeSummary {
  readonly services: readonly StackService[];
  readonly externalSecrets: readonly string[];
}

/**
 * What swarmup needs to know of a Compose file: services, images, published ports and external secrets.
 * The file itself is read by `docker stack deploy`, which knows the whole format.
 *
 * @throws Error with a message for a person, when the file is no Compose file with images
 */
export function summariseCompose(text: string): ComposeSummary {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw new Error(problem.message);
  const parsed = composeFile.safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a Compose file'}`);
  }
  const { services, volumes } = parsed.data;
  // With a driver, or options for one, a volume may be reached from any node.
  const local = Object.keys(volumes).filter((name) => !volumes[name]?.driver && !volumes[name]?.driver_opts);
  return {
    services: Object.entries(services).map(([name, service]) => ({
      name,
      image: service.image,
      ports: service.ports.flatMap(composePort),
      environment: Array.isArray(service.environment)
        ? service.environment.map((line) => line.replace(/=.*$/s, ''))
        : Object.keys(service.environment),
      constraints: service.deploy.placement.constraints,
      volumes: service.volumes.map(sourceOf).filter((source) => local.includes(source)),
    })),
    externalSecrets: Object.entries(parsed.data.secrets).flatMap(([name, secret]) =>
      secret?.external ? [secret.name ?? name] : [],
    ),
  };
}

/** What a service mounts: SOURCE:TARGET, or its long form. */
function sourceOf(volume: string | { source?: string | undefined }): string {
  return typeof volume === 'string' ? volume.replace(/:.*$/s, '') : (volume.source ?? '');
}

function composePort(
  port:
    | string
    | number
    | { target: number; published?: number | undefined; protocol?: string | undefined; mode?: string | undefined },
): PublishedPort[] {
  if (typeof port === 'object') {
    if (port.published === undefined) return [];
    return [
      {
        published: port.published,
        target: port.target,
        protocol: port.protocol === 'udp' ? 'udp' : 'tcp',
        mode: port.mode === 'host' ? 'host' : 'ingress',
      },
    ];
  }
  const match = /^(?:[\d.]+:)?(\d+):(\d+)(?:\/(tcp|udp))?$/.exec(String(port));
  if (!match) return [];
  const protocol = match[3] === 'udp' ? 'udp' : 'tcp';
  return [{ published: Number(match[1]), target: Number(match[2]), protocol, mode: 'ingress' }];
}
