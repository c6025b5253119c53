import type { StackSpec } from '../config/model.ts';
import { isImage } from '../util/image-reference.ts';
import { created, removed, updated, type Change } from '../contracts/change.ts';
import type { SwarmService } from '../contracts/swarm-types.ts';
import type { ComposeConfig } from '../compose/types.ts';
import { asList, asObject, text, type Json, type Names } from './fields/field.ts';
import { IMAGE_LABEL, scoped } from './stack-spec/names.ts';
import { areSame, KEYED, ROWS, type Row } from './stack-spec/rows.ts';
import { stackServiceSpec } from './stack-spec/service.ts';
import { driftOf, type Addition } from './stack.ts';

/**
 * What differs between the running services of a stack and what `docker stack deploy` would make of its files, each with
 * the current and the wanted value where it isn't secret. Services that don't exist yet aren't part of it.
 *
 * @param config with what swarmup adds
 * @param names the networks' names by ID
 */
export function stackDrift(
  stack: string,
  config: ComposeConfig,
  running: readonly Pick<SwarmService, 'Spec'>[],
  names: Names,
): readonly Change[] {
  return Object.keys(config.services).flatMap((service) => {
    const found = running.find(({ Spec }) => Spec.Name === scoped(stack, service));
    if (!found) return [];
    const current = withNames(found.Spec, names);
    const wanted = stackServiceSpec(stack, service, config);
    const own = ['stacks', stack, service];
    return [
      ...ROWS.flatMap((row) => differing(row, current, wanted, own)),
      ...KEYED.flatMap((row) => differingKeys(row, current, wanted, own)),
    ];
  });
}

function differing(row: Row, current: Json, wanted: Json, own: readonly string[]): Change[] {
  const [from, to] = [valueIn(row, current), valueIn(row, wanted)];
  if (areSame(row, from, to)) return [];
  return [updated([...own, row.name], row.told(from), row.told(to))];
}

function differingKeys(row: Row, current: Json, wanted: Json, own: readonly string[]): Change[] {
  const [from, to] = [asObject(valueIn(row, current)), asObject(valueIn(row, wanted))];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].toSorted();
  return keys.flatMap((key): Change[] => {
    const path = [...own, row.name, key];
    if (!Object.hasOwn(from, key)) return [created(path)];
    if (!Object.hasOwn(to, key)) return [removed(path)];
    return from[key] === to[key] ? [] : [updated(path)];
  });
}

function valueIn({ path, plain = (value) => value }: Row, spec: Json): Json {
  return plain(path.reduce<Json>((inner, key) => asObject(inner)[key], spec));
}

/** A specification with the names of networks instead of their IDs; of those that aren't listed, a predefined one. */
function withNames(spec: SwarmService['Spec'], { networks }: Names): Json {
  const { TaskTemplate: task } = spec;
  const attached = asList(asObject(task)['Networks']).map((one) => {
    const { Target, ...rest } = asObject(one);
    return { ...rest, Target: networks.get(text(Target)) ?? 'none' };
  });
  return { ...spec, TaskTemplate: { ...task, Networks: attached } };
}

/**
 * The additions with the number of tasks of services whose drift is ignored, and that have another one now than in the
 * files: a deployment keeps it.
 */
export function keptReplicas(
  stack: StackSpec,
  running: readonly Pick<SwarmService, 'Spec'>[],
  additions: readonly Addition[],
): readonly Addition[] {
  const kept = Object.entries(stack.compose.services).flatMap(([service, { deploy }]): Addition[] => {
    if (driftOf(stack, service) === 'fix') return [];
    const found = running.find(({ Spec }) => Spec.Name === scoped(stack.name, service));
    const replicas = found?.Spec.Mode.Replicated?.Replicas;
    if (replicas === undefined || replicas === (deploy?.replicas ?? 1)) return [];
    const own = additions.find((one) => one.service === service) ?? { service, environment: {} };
    return [{ ...own, replicas }];
  });
  return [...additions.filter((one) => !kept.some(({ service }) => service === one.service)), ...kept];
}

/**
 * Whether a service runs another image than the one that its stack deployed it with. Docker keeps such an image, unless
 * it looks up all digests. Source: docker/cli, cli/command/stack/swarm/deploy_composefile.go.
 */
export function hasForeignImage(services: readonly Pick<SwarmService, 'Spec'>[]): boolean {
  return services.some(({ Spec: { Labels = {}, TaskTemplate } }) => {
    const deployed = Labels[IMAGE_LABEL];
    return deployed !== undefined && !isImage(TaskTemplate.ContainerSpec.Image, deployed);
  });
}
