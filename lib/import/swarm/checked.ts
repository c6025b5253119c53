import type { ServiceSpec } from '../../config/model.ts';
import type { ProviderRegistry } from '../../config/parse-options.ts';
import { service as serviceSchema } from '../../config/service-schema.ts';
import type { SwarmService } from '../../contracts/swarm-types.ts';
import type { Names } from '../../swarm/fields/field.ts';
import { appliedKeys, differences } from '../../swarm/service-spec.ts';
import { SwarmupError } from '../../util/errors.ts';
import { readBack } from './read-back.ts';
import { externals, referencesOf, type ServiceFile } from './service-file.ts';

/** A service that a cluster file can describe, or why it can't. */
export type Checked =
  | {
      readonly service: SwarmService;
      readonly file: ServiceFile;
      /** Keys that the file leaves out, as it can't say them; swarmup leaves them unchanged. */
      readonly omitted: readonly string[];
    }
  | { readonly service: SwarmService; readonly reason: string };

/** Keys that every service is compared by, whether the file has them or not. */
const NEEDED = ['image', 'mode', 'replicas', 'total', 'concurrent', 'ports', 'env', 'constraints'];

interface Tools {
  readonly names: Names;
  readonly providers: ProviderRegistry;
}

/**
 * Checks what was written about a service by the program's own rules: it is read as a cluster file is, and compared with
 * the service as `plan` does. Keys that can't be read, or would change something, are left out.
 */
export async function checkService(service: SwarmService, whole: ServiceFile, tools: Tools): Promise<Checked> {
  // Of a service that swarmup deployed, its mark tells what its file said; the rest are swarmup's own defaults. Labels
  // have a mark of their own.
  const marked = appliedKeys(service);
  const file = marked ? only(whole, (key) => [...NEEDED, 'labels', ...marked].includes(key)) : whole;
  const unreadable = unreadableKeys(file);
  const lost = unreadable.filter((key) => NEEDED.includes(key));
  if (lost.length > 0) return { service, reason: cannotSay(lost) };
  let said = only(file, (key) => !unreadable.includes(key));
  let differing = await verdictOn(service, said, tools);
  // Keys may depend on each other: one may differ only without another.
  while (differing?.some((key) => key in said && !NEEDED.includes(key))) {
    const wrong = differing;
    said = only(said, (key) => !wrong.includes(key) || NEEDED.includes(key));
    differing = await verdictOn(service, said, tools);
  }
  if (!differing) {
    said = await readableKeys(service, said, tools);
    differing = await verdictOn(service, said, tools);
  }
  if (!differing) return { service, reason: 'its name is not valid in a cluster file' };
  if (differing.length > 0) return { service, reason: cannotSay(differing) };
  return { service, file: said, omitted: Object.keys(file).filter((key) => !(key in said)) };
}

/** What is left of a file that can't be read, such as without secrets whose names a cluster file can't have. */
async function readableKeys(service: SwarmService, file: ServiceFile, tools: Tools): Promise<ServiceFile> {
  let said = only(file, (key) => NEEDED.includes(key));
  for (const [key, value] of Object.entries(file)) {
    const more = { ...said, [key]: value };
    if ((await verdictOn(service, more, tools))?.length === 0) said = more;
  }
  return said;
}

function cannotSay(keys: readonly string[]): string {
  return `a cluster file can't say its ${keys.join(', ')}`;
}

/** The keys that a service in a cluster file can't have, or not with these values. */
function unreadableKeys(file: ServiceFile): readonly string[] {
  const { error } = serviceSchema.safeParse(file);
  return [
    ...new Set(
      (error?.issues ?? []).flatMap((issue) =>
        issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [String(issue.path[0] ?? '')],
      ),
    ),
  ];
}

/** The keys that differ from the service; undefined if the file can't be read. */
async function verdictOn(
  service: SwarmService,
  file: ServiceFile,
  { names, providers }: Tools,
): Promise<readonly string[] | undefined> {
  const spec = await specOf(service.Spec.Name, file, providers);
  return spec && [...new Set(differences(service, spec, names).map(({ path }) => path[0] ?? ''))];
}

async function specOf(name: string, file: ServiceFile, providers: ProviderRegistry): Promise<ServiceSpec | undefined> {
  const sections = { ...externals(referencesOf([file])), services: { [name]: file } };
  // The folder doesn't exist, and nothing in the text names a file.
  const place = { file: '/swarmup-import/swarmup.yaml', shown: 'the imported service' };
  const cluster = await readBack(sections, { ...place, env: {}, providers });
  return cluster instanceof SwarmupError ? undefined : cluster.services.find((one) => one.name === name);
}

function only(file: ServiceFile, keep: (key: string) => boolean): ServiceFile {
  return Object.fromEntries(Object.entries(file).filter(([key]) => keep(key)));
}
