import type { ComposeConfig, ComposeFileReference, ComposeService } from '../../compose/types.ts';
import { DEFAULT_NETWORK, isPredefined, scoped } from './names.ts';
import { byText } from './values.ts';

/** A service's networks, by their names in the swarm. Source: docker/cli, cli/compose/convert. */
export function networksOf(stack: string, name: string, service: ComposeService, config: ComposeConfig): object[] {
  const named = Object.entries(service.networks ?? {});
  const wanted = named.length > 0 ? named : [[DEFAULT_NETWORK, null] as const];
  const attached = wanted.map(([network, own]) => {
    const target = config.networks?.[network]?.name ?? scoped(stack, network);
    const aliases = [...(own?.aliases ?? []), ...(isPredefined(target) ? [] : [name])];
    return {
      Target: target,
      ...(aliases.length > 0 ? { Aliases: aliases } : {}),
      ...(own?.driver_opts ? { DriverOpts: own.driver_opts } : {}),
    };
  });
  return attached.toSorted((one, other) => byText(one.Target, other.Target));
}

const ID = { secrets: ['SecretID', 'SecretName'], configs: ['ConfigID', 'ConfigName'] } as const;

/** Secrets or configs as files in containers; the configs also with the one of a credential specification. */
export function grantsOf(
  kind: 'secrets' | 'configs',
  stack: string,
  service: ComposeService,
  config: ComposeConfig,
): object[] {
  const named = (source: string) => config[kind]?.[source]?.name ?? scoped(stack, source);
  const [, name] = ID[kind];
  const files = (service[kind] ?? []).map((grant) => ({ [name]: named(grant.source ?? ''), File: fileOf(grant) }));
  const credentials = kind === 'configs' ? service.credential_spec?.config : undefined;
  const runtime = credentials === undefined ? [] : [{ [name]: named(credentials), Runtime: {} }];
  return [...files, ...runtime];
}

function fileOf({ source, target = source, uid = '0', gid = '0', mode = 0o444 }: ComposeFileReference): object {
  return { Name: target, UID: uid, GID: gid, Mode: mode };
}
