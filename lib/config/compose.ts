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
});

const composeFile = z.looseObject({
  services: z.record(z.string(), composeService),
  secrets: z
    .record(z.string(), z.looseObject({ external: z.boolean().optional(), name: z.string().optional() }).nullable())
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
  return {
    services: Object.entries(parsed.data.services).map(([name, service]) => ({
      name,
      image: service.image,
      ports: service.ports.flatMap(composePort),
    })),
    externalSecrets: Object.entries(parsed.data.secrets).flatMap(([name, secret]) =>
      secret?.external ? [secret.name ?? name] : [],
    ),
  };
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
