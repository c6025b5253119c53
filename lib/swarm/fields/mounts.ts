import type { Mount } from '../../config/service/mounts.ts';
import { asList, asObject, container, listed, text, unordered, type Field, type Json } from './field.ts';

/** A mount in the API's form. Source: POST /services/create, TaskTemplate.ContainerSpec.Mounts. */
function sent(mount: Mount): object {
  const { type, source, target, readOnly } = mount;
  const options = optionsOf(mount);
  return {
    Type: type,
    ...(source === undefined ? {} : { Source: source }),
    Target: target,
    ReadOnly: readOnly,
    ...(Object.values(options).every((one) => Object.values(one).every((value) => value === undefined)) ? {} : options),
  };
}

function optionsOf(mount: Mount): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const { type, options, subpath } = mount;
  if (type === 'bind')
    return {
      BindOptions: {
        Propagation: mount.propagation,
        NonRecursive: mount.recursive === 'disabled' || undefined,
        ReadOnlyNonRecursive: mount.recursive === 'writable' || undefined,
        ReadOnlyForceRecursive: mount.recursive === 'readonly' || undefined,
        CreateMountpoint: mount.createSource,
      },
    };
  if (type === 'tmpfs')
    return { TmpfsOptions: { SizeBytes: mount.size, Mode: mount.mode, Options: options && tmpfsOptions(options) } };
  if (type === 'image') return { ImageOptions: { Subpath: subpath } };
  const driver =
    mount.driver === undefined && options === undefined ? undefined : { Name: mount.driver, Options: options };
  return { VolumeOptions: { NoCopy: mount.noCopy, Labels: mount.labels, Subpath: subpath, DriverConfig: driver } };
}

/** `noexec` and `uid=1000` are lists of one and two words. */
function tmpfsOptions(options: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  return Object.entries(options).map(([name, value]) => (value === '' ? [name] : [name, value]));
}

/**
 * A mount without what the managers don't keep or fill in: the propagation has a value as soon as there are other
 * options. Source: moby, daemon/cluster/convert/container.go.
 */
function comparable(value: Json): Json {
  const { Consistency: _dropped, ClusterOptions: _none, BindOptions, ...rest } = asObject(value);
  const { Propagation, ...bind } = asObject(BindOptions);
  return { ...rest, BindOptions: { ...bind, ...(Propagation === 'rprivate' ? {} : { Propagation }) } };
}

export const mounts: Field = {
  name: 'mounts',
  path: container('Mounts'),
  wanted: (service) => service.mounts?.map(sent),
  same: (current, wanted) => unordered(asList(current).map(comparable), asList(wanted).map(comparable)),
  told: (value) =>
    listed(
      asList(value).map((one) => {
        const { Source, Target, ReadOnly } = asObject(one);
        const from = Source === undefined || Source === '' ? '' : `${text(Source)}:`;
        return `${from}${text(Target)}${ReadOnly === true ? ':ro' : ''}`;
      }),
    ),
};
