import type { SwarmService } from '../../contracts/swarm-types.ts';
import type { Names } from '../../swarm/fields/field.ts';
import type { SwarmNetwork } from '../../swarm/networks.ts';
import { isObject } from '../../swarm/semantic-equal.ts';
import { versionToClaim } from '../../swarm/stack-version.ts';
import { NAMESPACE_LABEL } from '../../swarm/stack.ts';
import { isImage } from '../../util/image-reference.ts';
import { omitUndefined } from '../../util/omit-undefined.ts';
import { commented, composeText } from '../cluster-text.ts';
import { composeService, type ComposeService } from './compose-service.ts';
import { serviceFile, type ServiceFile } from './service-file.ts';
import type { Variables } from './variables.ts';

/** The image as the stack's file named it, on a service. Source: docker/cli, cli/compose/convert. */
const IMAGE_LABEL = 'com.docker.stack.image';

export interface SwarmContents {
  readonly names: Names;
  readonly networks: readonly SwarmNetwork[];
  /** The oldest docker command of its managers, from `cliVersion`. */
  readonly cli: number;
}

/** A stack as a Compose file, made from its services. */
export interface StackFile {
  readonly name: string;
  readonly text: string;
}

/** The stack that a service belongs to. */
export function stackOf({ Spec }: SwarmService): string | undefined {
  return Spec.Labels?.[NAMESPACE_LABEL];
}

/**
 * A stack's Compose file, with which `docker stack deploy` would make the services that run. Secrets and configs are
 * external: they keep their names and contents in the swarm.
 */
export function stackFile(
  stack: string,
  services: readonly SwarmService[],
  { names, networks, cli }: SwarmContents,
  variables: Variables,
): StackFile {
  const own = new Stack(stack, networks);
  const notes: string[] = [];
  const written = services.map((service): [string, ComposeService] => {
    const name = own.bare(service.Spec.Name);
    const { service: compose, omitted } = composeService(own.service(name, serviceFile(service, names, true), service));
    if (omitted.length > 0)
      notes.push(`Not said here, as Compose files have no word for it: ${omitted.join(', ')} of ${name}.`);
    return [name, variables.hide(service.Spec.Name, compose)];
  });
  const head = [
    `The stack ${stack}, made by swarmup from the services that run. A swarm doesn't know comments, variables, build`,
    'sections and the files behind secrets and configs of the original: secrets and configs are external here.',
  ];
  const text = composeText(
    omitUndefined({ version: versionToClaim(cli), services: Object.fromEntries(written), ...own.sections() }),
  );
  return { name: stack, text: `${commented([...head, ...notes])}${text}` };
}

/** A network's options without those that managers choose themselves. */
function optionsOf(options: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(options).filter(([key]) => !key.endsWith('vxlanid_list'));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

type Section = Record<string, Readonly<Record<string, unknown>>>;

/** Names of a stack without its prefix, and the sections for what its services refer to. */
class Stack {
  readonly #name: string;
  readonly #networks: readonly SwarmNetwork[];
  readonly #used: Readonly<Record<'networks' | 'volumes' | 'secrets' | 'configs', Section>> = {
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
  };

  constructor(name: string, networks: readonly SwarmNetwork[]) {
    this.#name = name;
    this.#networks = networks;
  }

  /** A name in the swarm as the stack's file has it. */
  bare(name: string): string {
    return name.startsWith(`${this.#name}_`) ? name.slice(this.#name.length + 1) : name;
  }

  /** The sections, without empty ones. */
  sections(): Record<string, Section | undefined> {
    const entries = Object.entries(this.#used).map(([key, section]): [string, Section | undefined] => [
      key,
      Object.keys(section).length > 0 ? section : undefined,
    ]);
    return Object.fromEntries(entries);
  }

  /** A service with the names of its stack's file, without what `docker stack deploy` adds itself. */
  service(name: string, file: ServiceFile, { Spec }: SwarmService): ServiceFile {
    const image = Spec.Labels?.[IMAGE_LABEL] ?? '';
    const given = String(file['image']);
    const labels = Object.entries(isObject(file['containerLabels']) ? file['containerLabels'] : {});
    const kept = labels.filter(([key]) => key !== NAMESPACE_LABEL);
    return omitUndefined({
      ...file,
      image: image !== '' && isImage(given, image) ? image : given,
      containerLabels: kept.length > 0 ? Object.fromEntries(kept) : undefined,
      networks: this.#attachments(name, file['networks']),
      mounts: Array.isArray(file['mounts']) ? file['mounts'].map((one) => this.#mount(one)) : undefined,
      secrets: this.#grants('secrets', file['secrets']),
      configs: this.#grants('configs', file['configs']),
    });
  }

  /** Undefined for the default network alone. */
  #attachments(service: string, list: unknown): unknown {
    if (!Array.isArray(list)) return undefined;
    const all = list.map((one: unknown) => {
      const { name, aliases, ...rest } = isObject(one) ? one : { name: one, aliases: [] };
      // Docker adds the service's own name.
      const others = (Array.isArray(aliases) ? aliases : []).filter((alias) => alias !== service);
      return omitUndefined({
        name: this.#network(String(name)),
        aliases: others.length > 0 ? others : undefined,
        ...rest,
      });
    });
    const [only] = all;
    return all.length === 1 && only?.name === 'default' && Object.keys(only).length === 1 ? undefined : all;
  }

  /** The key of a network in the file. */
  #network(name: string): string {
    const found = this.#networks.find((one) => one.name === name);
    if (found?.labels[NAMESPACE_LABEL] !== this.#name) {
      this.#used.networks[name] = { external: true };
      return name;
    }
    const key = this.bare(name);
    const { labels } = found;
    const { Driver, Attachable, Internal, Options, EnableIPv6 } = found.found;
    const others = Object.entries(labels).filter(([label]) => label !== NAMESPACE_LABEL);
    const entry = omitUndefined({
      driver: Driver === 'overlay' ? undefined : Driver,
      attachable: Attachable || undefined,
      internal: Internal || undefined,
      driver_opts: optionsOf(Options ?? {}),
      enable_ipv6: EnableIPv6 || undefined,
      labels: others.length > 0 ? Object.fromEntries(others) : undefined,
      name: key === name ? name : undefined,
    });
    if (key !== 'default' || Object.keys(entry).length > 0) this.#used.networks[key] = entry;
    return key;
  }

  #mount(one: unknown): unknown {
    if (!isObject(one) || one['type'] !== 'volume') return one;
    const { source, driver, options, labels, ...rest } = one;
    if (typeof source !== 'string' || source === '') return one;
    const { [NAMESPACE_LABEL]: stack, ...others } = isObject(labels) ? labels : {};
    if (stack !== this.#name) {
      this.#used.volumes[source] = { external: true };
      return { ...rest, source };
    }
    const key = this.bare(source);
    this.#used.volumes[key] = omitUndefined({
      name: key === source ? source : undefined,
      driver,
      driver_opts: options,
      labels: Object.keys(others).length > 0 ? others : undefined,
    });
    return { ...rest, source: key };
  }

  #grants(kind: 'secrets' | 'configs', list: unknown): unknown {
    if (!Array.isArray(list)) return undefined;
    for (const one of list) if (isObject(one)) this.#used[kind][String(one['source'])] = { external: true };
    return list;
  }
}
