import type { Value } from '../../contracts/change.ts';
import { asList, asObject, listed, text, type Json } from '../fields/field.ts';
import { IMAGE_LABEL, isPredefined, NAMESPACE_LABEL } from './names.ts';
import { canonical } from './values.ts';

/**
 * Values of a specification without what engines fill in, so that those of a running service and those that Docker sends
 * can be compared. Source: moby, daemon/cluster/convert.
 */

/** A value, absent if it is the engine's default. */
export const except =
  (otherwise: Json) =>
  (value: Json): Json =>
    value === otherwise ? undefined : value;

/** An object without keys that have the engine's defaults. */
const withDefaults =
  (defaults: Readonly<Record<string, Json>>) =>
  (value: Json): Json => {
    if (value === undefined || value === null) return undefined;
    return Object.fromEntries(Object.entries(asObject(value)).filter(([key, inner]) => inner !== defaults[key]));
  };

/** What swarmkit does where nothing is set. Source: swarmkit, api/defaults/service.go; durations in nanoseconds. */
export const policy = withDefaults({ FailureAction: 'pause', Order: 'stop-first', Monitor: 5e9 });
export const restart = withDefaults({ Condition: 'any', Delay: 5e9 });

export const modeKind = (value: Json): Json => Object.keys(asObject(value)).toSorted()[0] ?? 'Replicated';

/** How many tasks a replicated service has: without a number, one. */
export const replicas = (value: Json): Json => {
  const { Replicated, ReplicatedJob } = asObject(value);
  if (ReplicatedJob !== undefined) return asObject(ReplicatedJob)['TotalCompletions'] ?? 1;
  return Replicated === undefined ? undefined : (asObject(Replicated)['Replicas'] ?? 1);
};

export const port = (value: Json): Json => {
  const { Protocol = 'tcp', PublishMode = 'ingress', TargetPort, PublishedPort = 0 } = asObject(value);
  return { Protocol, PublishMode, TargetPort, PublishedPort };
};

export function portText(value: Json): string {
  const { Protocol, TargetPort, PublishedPort, PublishMode } = asObject(value);
  const protocol = Protocol === 'tcp' ? '' : `/${text(Protocol)}`;
  const published = PublishedPort === 0 ? '' : `${text(PublishedPort)}:`;
  return `${published}${text(TargetPort)}${protocol}${PublishMode === 'host' ? ' (host)' : ''}`;
}

/** The engine keeps neither the consistency nor the options of images and cluster volumes. */
export const mount = (value: Json): Json => {
  const { Consistency: _1, ImageOptions: _2, ClusterOptions: _3, BindOptions, ...rest } = asObject(value);
  return { ...rest, BindOptions: withDefaults({ Propagation: 'rprivate' })(BindOptions) };
};

export function mountText(value: Json): string {
  const { Source = '', Target, ReadOnly } = asObject(value);
  return `${text(Source)}:${text(Target)}${ReadOnly === true ? ':ro' : ''}`;
}

/** Networks that every engine has are told from others only: their IDs in the swarm are listed nowhere. */
export const network = (value: Json): Json => {
  const { Target, Aliases, ...rest } = asObject(value);
  const name = text(Target);
  return { ...rest, Target: isPredefined(name) ? '(predefined)' : name, Aliases: sortedTexts(Aliases) };
};

/** Compares lists whose order doesn't matter. */
export const unordered = (current: Json, wanted: Json): boolean => {
  const [one, other] = [current, wanted].map((list) => asList(list).map(canonical).toSorted().join('\n'));
  return one === other;
};

const sortedTexts = (value: Json): Json => asList(value).map(text).toSorted();

export const grant =
  (id: string) =>
  (value: Json): Json => {
    const { [id]: _id, ...rest } = asObject(value);
    return rest;
  };

export const each =
  (plain: (value: Json) => Json) =>
  (value: Json): Json =>
    asList(value).map(plain);

export const names =
  (key: string) =>
  (value: Json): Value =>
    listed(asList(value).map((one) => text(asObject(one)[key])));

/** Labels but those of docker and swarmup, which the deployment itself compares. */
export const ownLabels = (value: Json): Json =>
  Object.fromEntries(
    Object.entries(asObject(value)).filter(
      ([key]) => key !== NAMESPACE_LABEL && key !== IMAGE_LABEL && !key.startsWith('swarmup.'),
    ),
  );
