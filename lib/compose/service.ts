import {
  boolean,
  extensions,
  fields,
  flag,
  hosts,
  listOf,
  member,
  objectOf,
  orNone,
  pairs,
  pairsOrNull,
  plainStructure,
  printed,
  structure,
  text,
  texts,
  textOrTexts,
  type At,
  type Convert,
} from './convert.ts';
import { duration, unsigned, unsigned32 } from './convert-numbers.ts';
import { deploy } from './deploy.ts';
import { environment } from './environment.ts';
import { mount } from './mounts.ts';
import { ports } from './port-list.ts';
import type { Scope } from './scope.ts';
import { shellWords } from '../util/shell-words.ts';
import { isDict, isInteger, numberOf, type Value } from './values.ts';
import type {
  ComposeAttachment,
  ComposeBuild,
  ComposeFileReference,
  ComposeHealthcheck,
  ComposeService,
} from './types.ts';

const longBuild: Convert<ComposeBuild> = plainStructure<ComposeBuild>({
  context: text,
  dockerfile: text,
  args: pairsOrNull,
  labels: pairs,
  cache_from: textOrTexts,
  extra_hosts: hosts,
  network: text,
  target: text,
});

const build: Convert<ComposeBuild> = (at) =>
  typeof at.value === 'string' ? orNone(at.value === '' ? {} : { context: at.value }) : longBuild(at);

const command: Convert<readonly string[]> = (at) => {
  if (typeof at.value !== 'string') return texts(at);
  const words = shellWords(at.value);
  if (words) return words.length === 0 ? undefined : words;
  at.wrong(
    at.path,
    'the command has a quote or a backslash without its end',
    'expected both quotes, or a list of words',
  );
  return undefined;
};

const longReference = structure<ComposeFileReference>({
  source: text,
  target: text,
  uid: text,
  gid: text,
  mode: unsigned32,
});

const fileReferences = listOf<ComposeFileReference>((at) =>
  typeof at.value === 'string' ? (at.value === '' ? {} : { source: at.value }) : longReference(at),
);

const test: Convert<readonly string[]> = (at) => (typeof at.value === 'string' ? ['CMD-SHELL', at.value] : texts(at));

const healthcheck = structure<ComposeHealthcheck>({
  test,
  timeout: duration,
  interval: duration,
  retries: unsigned,
  start_period: duration,
  start_interval: duration,
  disable: flag,
});

const attachment = structure<ComposeAttachment>({
  aliases: texts,
  driver_opts: pairs,
  ipv4_address: text,
  ipv6_address: text,
});

const networks: Convert<Record<string, ComposeAttachment | null>> = (at) => {
  const named: readonly (readonly [string, Value])[] = isDict(at.value)
    ? [...at.value]
    : (texts(at) ?? []).map((name) => [name, null] as const);
  const convert = (name: string, value: Value) =>
    value === null ? null : (attachment({ ...at, value, path: [...at.path, name] }) ?? null);
  return orNone(objectOf(named.map(([name, value]) => [name, convert(name, value)] as const)));
};

type Ulimits = NonNullable<ComposeService['ulimits']>;

const ulimits: Convert<Ulimits> = (at) => {
  if (!isDict(at.value)) return undefined;
  const one = (name: string, value: Value): Ulimits[string] => {
    if (value === null) return null;
    if (isInteger(value) && BigInt(value) < 2n ** 63n) return Number(value) === 0 ? {} : Number(value);
    const place = { ...at, value, path: [...at.path, name] };
    const { soft, hard } = { soft: member(place, 'soft')?.value, hard: member(place, 'hard')?.value };
    if (soft !== undefined && hard !== undefined && isInteger(soft) && isInteger(hard))
      return objectOf(Object.entries({ soft: numberOf(soft) || undefined, hard: numberOf(hard) || undefined }));
    at.wrong(place.path, `the limit ${name} is not a whole number`, 'expected a number, or soft and hard');
    return null;
  };
  return orNone(objectOf([...at.value].map(([name, value]) => [name, one(name, value)] as const)));
};

/** The long form of a service, as Docker prints it. */
export function convertService(at: At, scope: Scope): ComposeService {
  const converted = fields<Omit<ComposeService, `x-${string}`>>(at, {
    build,
    cap_add: texts,
    cap_drop: texts,
    cgroupns_mode: text,
    cgroup_parent: text,
    command,
    configs: fileReferences,
    container_name: text,
    credential_spec: plainStructure({ config: text, file: text, registry: text }),
    depends_on: texts,
    deploy,
    devices: texts,
    dns: textOrTexts,
    dns_search: textOrTexts,
    domainname: text,
    entrypoint: command,
    environment: () => undefined,
    env_file: textOrTexts,
    expose: printed,
    external_links: texts,
    extra_hosts: hosts,
    hostname: text,
    healthcheck,
    image: text,
    init: boolean,
    ipc: text,
    isolation: text,
    labels: pairs,
    links: texts,
    logging: structure({ driver: text, options: pairs }),
    mac_address: text,
    network_mode: text,
    networks,
    pid: text,
    ports,
    privileged: flag,
    read_only: flag,
    restart: text,
    secrets: fileReferences,
    security_opt: texts,
    shm_size: text,
    stdin_open: flag,
    stop_grace_period: duration,
    stop_signal: text,
    sysctls: pairs,
    tmpfs: textOrTexts,
    tty: flag,
    ulimits,
    user: text,
    userns_mode: text,
    volumes: listOf((one) => mount(one, scope)),
    working_dir: text,
  });
  const variables = environment(at, scope);
  return { ...converted, ...(variables ? { environment: variables } : {}), ...extensions(at) };
}
