import { z } from 'zod';

const mapOrList = z.union([z.array(z.string()), z.record(z.string(), z.unknown())]);
const orNone = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);

const composeService = z.looseObject({
  image: z.string(),
  ports: orNone(
    z.array(
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
    ),
  ),
  environment: orNone(mapOrList),
  env_file: z.unknown().optional(),
  volumes: orNone(
    z.array(z.union([z.string(), z.looseObject({ type: z.string().optional(), source: z.string().optional() })])),
  ),
  deploy: orNone(z.looseObject({ placement: orNone(z.looseObject({ constraints: orNone(z.array(z.string())) })) })),
});

const object = z
  .looseObject({
    external: z.union([z.boolean(), z.looseObject({ name: z.string().optional() })]).optional(),
    name: z.string().optional(),
    file: z.unknown().optional(),
  })
  .nullable();

/** The parts of a Compose file that swarmup reads; the rest of the format is Docker's. */
export const composeFile = z.looseObject({
  version: z.union([z.string(), z.number()]).optional(),
  services: z.record(z.string(), composeService),
  secrets: orNone(z.record(z.string(), object)),
  configs: orNone(z.record(z.string(), object)),
  volumes: orNone(
    z.record(
      z.string(),
      z.looseObject({ driver: z.string().optional(), driver_opts: z.unknown().optional() }).nullable(),
    ),
  ),
});

export type ComposeFile = z.output<typeof composeFile>;

/** What a service mounts: SOURCE:TARGET, or its long form. */
export function sourceOf(volume: string | { source?: string | undefined }): string {
  return typeof volume === 'string' ? volume.replace(/:.*$/s, '') : (volume.source ?? '');
}
