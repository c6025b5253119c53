import { omitUndefined } from '../../util/omit-undefined.ts';
import { grantsOf, networksOf } from './attachments.ts';
import type { ComposeConfig, ComposeService } from '../../compose/types.ts';
import { mountsOf } from './mounts.ts';
import { IMAGE_LABEL, NAMESPACE_LABEL, scoped } from './names.ts';
import { healthcheckOf, modeOf, placementOf, resourcesOf, restartOf, updateOf } from './policies.ts';
import { byText, nanoseconds, notEmpty, orNone } from './values.ts';

/** A service's specification, with names where the API has IDs of networks, secrets and configs. */
export type StackServiceSpec = Readonly<Record<string, unknown>>;

/**
 * The specification with which `docker stack deploy` creates a service. Source: docker/cli, cli/compose/convert.
 *
 * @param name the service's name in the file
 */
export function stackServiceSpec(stack: string, name: string, config: ComposeConfig): StackServiceSpec {
  const service = config.services[name] ?? {};
  const deploy = service.deploy ?? {};
  return {
    Name: scoped(stack, name),
    Labels: { ...deploy.labels, [NAMESPACE_LABEL]: stack, [IMAGE_LABEL]: service.image ?? '' },
    TaskTemplate: omitUndefined({
      ContainerSpec: containerOf(stack, service, config),
      Resources: omitUndefined(resourcesOf(deploy)),
      RestartPolicy: restartOf(service),
      Placement: omitUndefined(placementOf(deploy)),
      LogDriver: service.logging && omitUndefined({ Name: service.logging.driver, Options: service.logging.options }),
      Networks: networksOf(stack, name, service, config),
    }),
    Mode: modeOf(deploy),
    UpdateConfig: updateOf(deploy.update_config),
    RollbackConfig: updateOf(deploy.rollback_config),
    EndpointSpec: {
      Mode: orNone(deploy.endpoint_mode?.toLowerCase()),
      Ports: portsOf(service),
    },
  };
}

function containerOf(stack: string, service: ComposeService, config: ComposeConfig): object {
  const { dns, dns_search: search } = service;
  return {
    Image: orNone(service.image),
    Labels: { ...service.labels, [NAMESPACE_LABEL]: stack },
    Command: service.entrypoint,
    Args: service.command,
    Hostname: orNone(service.hostname),
    Env: environmentOf(service),
    Dir: orNone(service.working_dir),
    User: orNone(service.user),
    Privileges: { CredentialSpec: credentialsOf(stack, service, config) },
    Init: service.init,
    StopSignal: orNone(service.stop_signal),
    TTY: orNone(service.tty),
    OpenStdin: orNone(service.stdin_open),
    ReadOnly: orNone(service.read_only),
    Mounts: notEmpty(mountsOf(stack, service.volumes ?? [], config.volumes)),
    StopGracePeriod: nanoseconds(service.stop_grace_period),
    Healthcheck: healthcheckOf(service.healthcheck),
    Hosts: notEmpty((service.extra_hosts ?? []).map(hostLine)),
    DNSConfig: dns || search ? { Nameservers: dns, Search: search } : undefined,
    Secrets: notEmpty(grantsOf('secrets', stack, service, config)),
    Configs: notEmpty(grantsOf('configs', stack, service, config)),
    Isolation: orNone(service.isolation),
    Sysctls: service.sysctls,
    ...capabilitiesOf(service),
    Ulimits: notEmpty(ulimitsOf(service)),
    // Docker 28 accepts oom_score_adj, and then ignores it.
  };
}

function environmentOf({ environment = {} }: ComposeService): readonly string[] | undefined {
  const lines = Object.entries(environment).map(([key, value]) => (value === null ? key : `${key}=${value}`));
  return notEmpty(lines.toSorted(byText));
}

/** The config of a credential specification, by its name instead of its ID. */
function credentialsOf(stack: string, { credential_spec: given }: ComposeService, config: ComposeConfig): unknown {
  if (!given || Object.keys(given).length === 0) return undefined;
  const { config: source, file = '', registry = '' } = given;
  const name = source === undefined ? '' : (config.configs?.[source]?.name ?? scoped(stack, source));
  return { Config: name, File: file, Registry: registry };
}

/** HOST:ADDRESS as the line of a hosts file. */
function hostLine(entry: string): string {
  const colon = entry.indexOf(':');
  return `${entry.slice(colon + 1)} ${entry.slice(0, colon)}`;
}

function portsOf({ ports = [] }: ComposeService): readonly object[] | undefined {
  const sorted = ports.toSorted((one, other) => (one.published ?? 0) - (other.published ?? 0));
  return notEmpty(
    sorted.map(({ protocol, target, published, mode }) =>
      omitUndefined({
        Protocol: orNone(protocol),
        TargetPort: orNone(target),
        PublishedPort: orNone(published),
        PublishMode: orNone(mode),
      }),
    ),
  );
}

/** Source: docker/cli, opts, EffectiveCapAddCapDrop: ALL stands for all others, and adding wins over dropping. */
function capabilitiesOf({ cap_add: add = [], cap_drop: drop = [] }: ComposeService): object {
  const added = capabilities(add);
  const dropped = capabilities(drop).filter((one) => !added.includes(one));
  return { CapabilityAdd: notEmpty(added), CapabilityDrop: notEmpty(dropped) };
}

function capabilities(given: readonly string[]): string[] {
  const names = given.map((one) => {
    const name = one.trim().toUpperCase();
    return name === 'ALL' || name === 'RESET' || name.startsWith('CAP_') ? name : `CAP_${name}`;
  });
  if (names.includes('ALL')) return ['ALL'];
  return [...new Set(names)].filter((name) => name !== 'RESET').toSorted(byText);
}

function ulimitsOf({ ulimits = {} }: ComposeService): object[] {
  const entries = Object.entries(ulimits).toSorted(([one], [other]) => byText(one, other));
  return entries.map(([Name, limit]) => {
    const { soft = 0, hard = 0 } = typeof limit === 'number' ? { soft: limit, hard: limit } : (limit ?? {});
    return { Name, Soft: soft, Hard: hard };
  });
}
