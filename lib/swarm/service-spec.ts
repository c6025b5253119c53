import type { ServiceSpec } from '../config/model.ts';
import { sameImage } from '../images/reference.ts';
import { OWNER_LABEL } from './labels.ts';
import type { ServiceSpecification, SwarmService } from './types.ts';

/** A difference between a service as it is and as the cluster file has it. */
export interface Difference {
  readonly field: 'image' | 'replicas' | 'ports' | 'env' | 'constraints';
  readonly from: string;
  readonly to: string;
}

/** What differs in the fields that swarmup manages; everything else of the service is left as it is. */
export function differences(service: SwarmService, wanted: ServiceSpec): Difference[] {
  const { TaskTemplate, Mode, EndpointSpec } = service.Spec;
  const found: Difference[] = [];
  const compare = (field: Difference['field'], from: string, to: string) => {
    if (from !== to) found.push({ field, from, to });
  };
  const image = TaskTemplate.ContainerSpec.Image;
  if (!sameImage(image, wanted.image)) compare('image', image, wanted.image);
  compare('replicas', String(Mode.Replicated?.Replicas ?? 'global'), String(wanted.replicas));
  compare(
    'ports',
    listed((EndpointSpec?.Ports ?? []).map((port) => portText(port.PublishedPort, port.TargetPort, port.Protocol))),
    listed(wanted.ports.map((port) => portText(port.published, port.target, port.protocol))),
  );
  const env = envDifference(TaskTemplate.ContainerSpec.Env ?? [], envList(wanted));
  if (env) found.push({ field: 'env', ...env });
  compare(
    'constraints',
    listed((TaskTemplate.Placement?.Constraints ?? []).map(noSpaces)),
    listed(wanted.constraints.map(noSpaces)),
  );
  return found;
}

/** A roll-back is the default for updates that fail; Docker's own default, pause, leaves the service half updated. Monitor is in ns. */
const UPDATE_DEFAULTS = {
  Parallelism: 1,
  FailureAction: 'rollback',
  Monitor: 5_000_000_000,
  Order: 'stop-first',
} as const;

function portText(published: number | undefined, target: number, protocol = 'tcp'): string {
  return `${published ?? ''}:${target}${protocol === 'tcp' ? '' : `/${protocol}`}`;
}

function listed(values: readonly string[]): string {
  return values.length > 0 ? [...values].sort().join(' ') : 'none';
}

/** Which variables differ. Their values may be secrets, and are never shown. */
function envDifference(
  current: readonly string[],
  wanted: readonly string[],
): { from: string; to: string } | undefined {
  const keys = (list: readonly string[]) => listed(list.map((entry) => entry.split('=', 1)[0] ?? entry));
  if (listed(current) === listed(wanted)) return undefined;
  const [from, to] = [keys(current), keys(wanted)];
  return { from, to: from === to ? `${to} (other values)` : to };
}

function noSpaces(text: string): string {
  return text.replaceAll(' ', '');
}

function envList(service: ServiceSpec): string[] {
  return Object.entries(service.env).map(([key, value]) => `${key}=${value}`);
}

/**
 * The specification to send: the managed fields over whatever the service has already.
 *
 * @param image with the registry's digest where it is known, so that every node runs the same
 */
export function specification(
  wanted: ServiceSpec,
  image: string,
  cluster: string,
  current?: ServiceSpecification,
): ServiceSpecification {
  const { TaskTemplate, Labels, EndpointSpec } = current ?? {};
  return {
    UpdateConfig: UPDATE_DEFAULTS,
    ...current,
    Name: wanted.name,
    Labels: { ...Labels, [OWNER_LABEL]: cluster },
    TaskTemplate: {
      ...TaskTemplate,
      ContainerSpec: { ...TaskTemplate?.ContainerSpec, Image: image, Env: envList(wanted) },
      Placement: { ...TaskTemplate?.Placement, Constraints: wanted.constraints },
    },
    Mode: { Replicated: { Replicas: wanted.replicas } },
    EndpointSpec: {
      ...EndpointSpec,
      Ports: wanted.ports.map((port) => ({
        Protocol: port.protocol,
        TargetPort: port.target,
        PublishedPort: port.published,
        PublishMode: 'ingress',
      })),
    },
  };
}
