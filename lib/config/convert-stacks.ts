import { dirname } from 'node:path';
import { YAML_3 } from '../compose/clients.ts';
import type { LoadedCompose } from '../compose/load.ts';
import { summarise } from '../compose/summary.ts';
import { omitUndefined } from '../util/omit-undefined.ts';
import { imageAt } from './portainer-images.ts';
import { Secret } from '../util/secret.ts';
import type { Path } from './locate.ts';
import { IMAGE_EXPECTED, isImageReference } from './grammar.ts';
import type { NodeSpec, PortainerSpec, StackService, StackSpec } from './model.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { isServiceName } from './names.ts';
import { convertChecks } from './published.ts';
import { readStack, type StackSource } from './stack-files.ts';
import { unpassable, unsendable } from './stack-limits.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** The stacks as Docker reads them; Portainer's images in the version from the cluster file. */
export function convertStacks({ stacks, portainer, docker }: ClusterFile, reporter: Reporter): readonly StackSpec[] {
  return Object.entries(stacks).flatMap(([name, section]) => {
    const source = readStack(name, section, reporter);
    const compose = source?.loaded.compose;
    if (!source || !compose) return [];
    const { files, loaded, env, references, hints } = source;
    const { services, ...external } = summarise(compose, name);
    checkNames(name, services, { loaded, reporter });
    checkSent(name, source, reporter);
    checkDrift(section.drift, services, ['stacks', name, 'drift'], reporter);
    const version = portainer?.stack === name ? portainer.version : undefined;
    const ports = services.flatMap((service) => service.ports);
    const verify = convertChecks(section.verify, ports, ['stacks', name, 'verify'], reporter);
    const [first = { path: '', text: '' }] = files;
    const variables = loaded.variables.map((variable) => variable.name);
    return [
      {
        name,
        file: first.path,
        text: first.text,
        files: files.map(({ path, shown, text }) => ({ path, shown, text })),
        folder: dirname(first.path),
        compose,
        variables,
        environment: Object.fromEntries(
          variables.flatMap((key) => (env[key] === undefined ? [] : [[key, new Secret(env[key])]])),
        ),
        references,
        ...external,
        services: services.map((service) => atVersion(service, version)),
        whenUnreachable: section.whenUnreachable,
        resolveImage: section.resolveImage,
        drift: section.drift,
        hints: [...hints, ...(docker.version === undefined ? olderHints(name, loaded) : [])],
        older: loaded.older,
        ...omitUndefined({ verify, version: loaded.version }),
      },
    ];
  });
}

/**
 * What an older docker on the managers would read as something else, for a cluster whose version of Docker isn't known
 * yet. What it would refuse is no surprise of the same kind, and an error once it is known.
 */
function olderHints(stack: string, { older }: LoadedCompose): readonly string[] {
  const found = older.filter(({ below }) => below === YAML_3).map(({ mistake }) => mistake);
  return found.map(({ file, line, column, message, hint = '' }) => {
    return `stack ${stack}: ${file}:${line}:${column}: ${message}: ${hint}`;
  });
}

/** Reports what can't be carried to a manager, where docker reads the files. */
function checkSent(stack: string, { files, loaded, env }: StackSource, reporter: Reporter): void {
  const folder = dirname(files[0]?.path ?? '/');
  for (const reference of loaded.references) {
    const problem = unsendable(reference, folder);
    if (problem !== undefined)
      reporter.add([reference.mistake(problem, 'expected a path relative to the Compose file')]);
  }
  for (const { name, isSet } of loaded.variables) {
    const problem = isSet && env[name] !== undefined ? unpassable(name) : undefined;
    if (problem !== undefined)
      reporter.wrong(
        ['stacks', stack],
        `the Compose file refers to the variable ${name}: ${problem}`,
        'expected a variable of another name',
      );
  }
}

/** Reports services that the Compose files don't have. */
function checkDrift(
  drift: StackSpec['drift'],
  services: readonly StackService[],
  place: Path,
  reporter: Reporter,
): void {
  const names = services.map(({ name }) => name);
  for (const name of typeof drift === 'string' ? [] : Object.keys(drift))
    if (!names.includes(name))
      reporter.wrong([...place, name], `there is no service '${name}' in the stack`, expectedOneOf(name, names));
}

interface Checking {
  readonly loaded: LoadedCompose;
  readonly reporter: Reporter;
}

/** What the engine would refuse after Docker's client has read the files: images, and names of services. */
function checkNames(stack: string, services: readonly StackService[], { loaded, reporter }: Checking): void {
  for (const { name, image } of services) {
    if (image !== '' && !isImageReference(image))
      reporter.add([
        loaded.mistakeAt(['services', name, 'image'], `'${image}' is not an image reference`, IMAGE_EXPECTED),
      ]);
    const full = `${stack}_${name}`;
    if (!isServiceName(full))
      reporter.add([
        loaded.mistakeAt(
          ['services', name],
          `'${full}' can't be the name of a service in the swarm`,
          "expected letters, digits, hyphens and underscores, at most 63 with the stack's name",
        ),
      ]);
  }
}

/** A Portainer service with its image in the version from the cluster file; any other service unchanged. */
function atVersion(service: StackService, version: string | undefined): StackService {
  const image = version === undefined ? undefined : imageAt(service.image, version);
  return image === undefined ? service : { ...service, image, imageReplaced: true };
}

/** @param stacks those of the cluster file: Portainer runs in one of them */
export function convertPortainer(
  { portainer, stacks: sections }: ClusterFile,
  stacks: readonly StackSpec[],
  nodes: readonly NodeSpec[],
  reporter: Reporter,
): PortainerSpec | undefined {
  if (!portainer) return undefined;
  const { adminPassword, stack, port, node } = portainer;
  const wrong = (key: string, message: string, hint: string) => reporter.wrong(['portainer', key], message, hint);
  const among = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);
  if (node !== undefined && !among(nodes).includes(node))
    wrong(
      'node',
      `portainer.node names '${node}', which is not a node of the cluster`,
      expectedOneOf(node, among(nodes)),
    );
  const found = stacks.find(({ name }) => name === stack);
  if (!Object.hasOwn(sections, stack))
    wrong(
      'stack',
      `portainer.stack names '${stack}', which is not a stack of the cluster`,
      expectedOneOf(stack, Object.keys(sections)),
    );
  else if (found && !found.services.some(({ ports }) => ports.some(({ published }) => published === port)))
    wrong(
      'port',
      `stack ${stack} does not publish port ${port}`,
      "expected the published port of Portainer's HTTP API",
    );
  const password = adminPassword === undefined ? undefined : new Secret(adminPassword);
  return { stack, port, ...omitUndefined({ node, adminPassword: password }) };
}
