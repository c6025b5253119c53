import { asList, asObject, container, listed, text, unordered, type Field } from './field.ts';

export const networks: Field = {
  name: 'networks',
  path: ['TaskTemplate', 'Networks'],
  wanted: (service) => service.networks?.map(({ name, aliases }) => ({ Target: name, Aliases: aliases })),
  current: (value, names) =>
    asList(value).map((one) => {
      const { Target, ...rest } = asObject(one);
      return { ...rest, Target: names.networks.get(text(Target)) ?? Target };
    }),
  send: (wanted, names) => {
    const ids = new Map([...names.networks].map(([id, name]) => [name, id]));
    return asList(wanted).map((one) => ({ ...asObject(one), Target: ids.get(text(asObject(one)['Target'])) }));
  },
  same: unordered,
  told: (value) => listed(asList(value).map((one) => text(asObject(one)['Target']))),
};

export const mounts: Field = {
  name: 'mounts',
  path: container('Mounts'),
  wanted: (service) =>
    service.mounts?.map((mount) => ({
      Type: mount.type,
      Source: mount.source,
      Target: mount.target,
      ReadOnly: mount.readOnly,
      ...('propagation' in mount ? { BindOptions: { Propagation: mount.propagation } } : {}),
      ...('driver' in mount || 'options' in mount
        ? { VolumeOptions: { DriverConfig: { Name: mount.driver, Options: mount.options } } }
        : {}),
      ...('size' in mount ? { TmpfsOptions: { SizeBytes: mount.size } } : {}),
    })),
  same: unordered,
  told: (value) =>
    listed(
      asList(value).map((one) => {
        const { Source, Target, ReadOnly } = asObject(one);
        return `${text(Source)}:${text(Target)}${ReadOnly === true ? ':ro' : ''}`;
      }),
    ),
};

/** Secrets and configs: the API needs the ID and the name of each. */
export function grants(kind: 'secret' | 'config'): Field {
  const [id, name] = kind === 'secret' ? ['SecretID', 'SecretName'] : ['ConfigID', 'ConfigName'];
  return {
    name: `${kind}s`,
    path: container(kind === 'secret' ? 'Secrets' : 'Configs'),
    wanted: (service) =>
      service[`${kind}s`]?.map((grant) => ({
        [name]: grant.name,
        File: { Name: grant.target, UID: grant.uid, GID: grant.gid, Mode: grant.mode },
      })),
    current: (value) =>
      asList(value).map((one) => {
        const { [id]: _id, ...rest } = asObject(one);
        return rest;
      }),
    send: (wanted, { objects }) =>
      asList(wanted).map((one) => ({ ...asObject(one), [id]: objects.get(`${kind} ${text(asObject(one)[name])}`) })),
    same: unordered,
    told: (value) => listed(asList(value).map((one) => text(asObject(one)[name]))),
  };
}
