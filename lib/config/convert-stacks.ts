import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { omitUndefined } from '../util/omit-undefined.ts';
import { imageAt } from './portainer-images.ts';
import { Secret } from '../util/secret.ts';
import { readCompose, type ComposeSummary } from './compose/read.ts';
import type { NodeSpec, PortainerSpec, StackService, StackSpec } from './model.ts';
import { expectedOneOf } from '../util/nearest-name.ts';
import { convertChecks } from './published.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** The stacks with their Compose files; Portainer's images in the version from the cluster file. */
export function convertStacks({ stacks, portainer }: ClusterFile, reporter: Reporter): Promise<readonly StackSpec[]> {
  return Promise.all(
    Object.entries(stacks).map(async ([name, stack]) => {
      const place = ['stacks', name, 'file'];
      const file = reporter.file(stack.file, place);
      const text = existsSync(file) ? await readFile(file, 'utf8') : NO_SERVICES;
      const { summary = EMPTY, mistakes } = readCompose(text, { shown: stack.file, env: reporter.env });
      reporter.add(mistakes);
      const version = portainer?.stack === name ? portainer.version : undefined;
      const services = summary.services.map((service) => atVersion(service, version));
      const ports = services.flatMap((service) => service.ports);
      const verify = convertChecks(stack.verify, ports, ['stacks', name, 'verify'], reporter);
      const { whenUnreachable } = stack;
      return { name, file, text, ...summary, services, whenUnreachable, ...omitUndefined({ verify }) };
    }),
  );
}

const NO_SERVICES = 'services: {}';
const EMPTY: ComposeSummary = { services: [], externalSecrets: [], variables: [] };

/** A Portainer service with its image in the version from the cluster file; any other service unchanged. */
function atVersion(service: StackService, version: string | undefined): StackService {
  const image = version === undefined ? undefined : imageAt(service.image, version);
  return image === undefined ? service : { ...service, image, imageReplaced: true };
}

/** @param stacks those of the cluster file: Portainer runs in one of them */
export function convertPortainer(
  { portainer }: ClusterFile,
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
  if (!found)
    wrong(
      'stack',
      `portainer.stack names '${stack}', which is not a stack of the cluster`,
      expectedOneOf(stack, among(stacks)),
    );
  else if (!found.services.some(({ ports }) => ports.some(({ published }) => published === port)))
    wrong(
      'port',
      `stack ${stack} does not publish port ${port}`,
      "expected the published port of Portainer's HTTP API",
    );
  const password = adminPassword === undefined ? undefined : new Secret(adminPassword);
  return { stack, port, ...omitUndefined({ node, adminPassword: password }) };
}
