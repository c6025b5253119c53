import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { defined } from '../defined.ts';
import { messageOf } from '../errors.ts';
import { atVersion } from '../portainer/images.ts';
import { Secret } from '../secret.ts';
import { summariseCompose } from './compose.ts';
import type { NodeSpec, PortainerSpec, StackSpec } from './model.ts';
import { expectedOneOf } from './nearest.ts';
import { convertCheck } from './published.ts';
import type { Reporter } from './reporter.ts';
import type { ClusterFile } from './schema.ts';

/** The stacks with their Compose files; Portainer's images in the version that the cluster file names. */
export function convertStacks({ stacks, portainer }: ClusterFile, reporter: Reporter): Promise<readonly StackSpec[]> {
  return Promise.all(
    Object.entries(stacks).map(async ([name, stack]) => {
      const place = ['stacks', name, 'file'];
      const file = reporter.file(stack.file, place);
      const own = existsSync(file) ? await readFile(file, 'utf8') : NO_SERVICES;
      const version = portainer?.stack === name ? portainer.version : undefined;
      let read = { text: own, ...summariseCompose(NO_SERVICES) };
      try {
        // What is no Compose file is reported as it is, not as it would be in another version.
        read = { text: own, ...summariseCompose(own) };
        const text = version === undefined ? own : atVersion(own, version);
        read = { text, ...summariseCompose(text) };
      } catch (error) {
        reporter.wrong(
          place,
          `${stack.file} can't be read as a Compose file: ${messageOf(error)}`,
          'expected services, each with an image',
        );
      }
      const ports = read.services.flatMap((service) => service.ports);
      const verify = convertCheck(stack.verify, ports, ['stacks', name, 'verify'], reporter);
      return { name, file, ...read, whenUnreachable: stack.whenUnreachable, ...defined({ verify }) };
    }),
  );
}

const NO_SERVICES = 'services: {}';

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
    wrong('node', `portainer.node names '${node}', which is no node`, expectedOneOf(node, among(nodes)));
  const found = stacks.find(({ name }) => name === stack);
  if (!found)
    wrong('stack', `portainer.stack names '${stack}', which is no stack`, expectedOneOf(stack, among(stacks)));
  else if (!found.services.some(({ ports }) => ports.some(({ published }) => published === port)))
    wrong(
      'port',
      `stack ${stack} does not publish port ${port}`,
      "expected the published port of Portainer's HTTP API",
    );
  const password = adminPassword === undefined ? undefined : new Secret(adminPassword);
  return { stack, port, ...defined({ node, adminPassword: password }) };
}
