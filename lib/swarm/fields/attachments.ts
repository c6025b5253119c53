import type { ServiceSpec } from '../../config/model.ts';
import { asList, asObject, container, listed, text, unordered, type Field, type Json, type Names } from './field.ts';

export const networks: Field = {
  name: 'networks',
  path: ['TaskTemplate', 'Networks'],
  wanted: (service) =>
    service.networks?.map(({ name, aliases, driverOptions }) => ({
      Target: name,
      Aliases: aliases,
      ...(driverOptions === undefined ? {} : { DriverOpts: driverOptions }),
    })),
  current: (value, names) =>
    asList(value).map((one) => {
      const { Target, ...rest } = asObject(one);
      return { ...rest, Target: names.networks.get(text(Target)) ?? Target };
    }),
  send: (wanted, names) => {
    const ids = new Map([...names.networks].map(([id, name]) => [name, id]));
    return asList(wanted).map((one) => {
      const { Target, ...rest } = asObject(one);
      // The engine knows networks by their names too.
      return { ...rest, Target: ids.get(text(Target)) ?? Target };
    });
  },
  same: unordered,
  told: (value) => listed(asList(value).map((one) => text(asObject(one)['Target']))),
};

/** Secrets and configs: the API needs the ID and the name of each. */
export function grants(kind: 'secret' | 'config'): Field {
  const [id, name] = kind === 'secret' ? ['SecretID', 'SecretName'] : ['ConfigID', 'ConfigName'];
  return {
    name: `${kind}s`,
    path: container(kind === 'secret' ? 'Secrets' : 'Configs'),
    wanted: (service) => {
      const files = service[`${kind}s`]?.map((grant) => ({
        [name]: grant.name,
        File: { Name: grant.target, UID: grant.uid, GID: grant.gid, Mode: grant.mode },
      }));
      const forRuntime = kind === 'config' ? runtimeConfigs(service) : [];
      return files || forRuntime.length > 0 ? [...(files ?? []), ...forRuntime] : undefined;
    },
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

/** A config that the engine reads itself, instead of a file in the containers. */
function runtimeConfigs({ credentialSpec }: ServiceSpec): readonly object[] {
  return credentialSpec?.config === undefined ? [] : [{ ConfigName: credentialSpec.config, Runtime: {} }];
}

export const credentialSpec: Field = {
  name: 'credentialSpec',
  path: [...container('Privileges'), 'CredentialSpec'],
  wanted: ({ credentialSpec: one }) => one && { Config: one.config, File: one.file, Registry: one.registry },
  current: (value, names) => renamed(value, (id) => nameOfConfig(names, id)),
  send: (wanted, { objects }) => renamed(wanted, (name) => objects.get(`config ${name}`)),
};

function renamed(value: Json, to: (config: string) => string | undefined): Json {
  const { Config, ...rest } = asObject(value);
  return typeof Config === 'string' && Config !== '' ? { ...rest, Config: to(Config) ?? Config } : rest;
}

function nameOfConfig({ objects }: Names, id: string): string | undefined {
  const [key] = [...objects].find(([name, one]) => one === id && name.startsWith('config ')) ?? [];
  return key?.slice('config '.length);
}
