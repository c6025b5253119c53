import type { Cluster } from '../config/model.ts';
import { requiredImages } from '../config/selections.ts';
import type { RunContext } from '../contracts/context.ts';
import { olderPasswords, PASSWORD_FILE } from '../portainer/secrets.ts';
import { secretsOf } from '../record/cluster-secrets.ts';
import { knownUnlockKeys } from '../swarm/unlock-key.ts';
import { isRecord } from './pick.ts';
import { announcesSecret, isSecretName, secretsIn } from './shapes.ts';
import { readEnvFile } from '../util/env-file.ts';
import { Secret } from '../util/secret.ts';

/** Shorter texts occur by chance: a diagnosis without them would be unreadable. */
const SHORTEST = 6;
/** What looks random: letters and digits, nothing that paths and addresses have, and not a name with a number. */
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])(?![A-Za-z_-]+\d+$)[^\s/:.]{10,}$/;
/** Headers whose values are public. */
const PUBLIC_HEADERS = /^(?:host|accept|accept-.*|user-agent|content-type|x-forwarded-(?:proto|host|port))$/i;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Every secret that the cluster file and the environment of this command have: the contents of secrets and configs,
 * passwords, variables of services and stacks that look secret, and headers of HTTP checks.
 */
export function secretsHere(cluster: Cluster, file: Readonly<Record<string, unknown>>, env: Env): readonly Secret[] {
  const { objects, services, stacks, provider, docker } = cluster;
  const contents = [...objects, ...stacks.flatMap(({ references }) => references)].flatMap(({ kind, data }) => {
    const text = data === undefined ? '' : Buffer.from(data.reveal(), 'base64').toString();
    return kind === 'env_file' ? variables(inFile(text)) : [text.trim(), text];
  });
  const checks = [...services, ...stacks].flatMap(({ verify = [] }) => verify);
  return [
    ...secretsOf(cluster),
    ...asSecrets([
      ...contents,
      ...contents.flatMap(words),
      ...inData([file['services'], file['stacks']]),
      ...services.flatMap((service) => variables(service.env)),
      ...stacks.flatMap(({ environment }) =>
        variables(Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.reveal()]))),
      ),
      ...stacks.flatMap(({ compose }) => [
        ...Object.values(compose.services).flatMap(({ environment = {} }) => variables(environment)),
        ...inData(compose),
      ]),
      ...checks.flatMap(({ headers }) =>
        Object.entries(headers).flatMap(([name, value]) => (PUBLIC_HEADERS.test(name) ? [] : headerParts(value))),
      ),
      ...named(Object.entries(env)),
      ...inData([provider.config, provider.parts, docker.daemon]),
    ]),
  ];
}

/** The secrets that the cluster's state folder keeps. */
export async function keptSecrets(context: Pick<RunContext, 'cluster' | 'state' | 'env'>): Promise<readonly Secret[]> {
  const { state, env } = context;
  const older = [...(await olderPasswords(context)), ...(await knownUnlockKeys(state, env))];
  return asSecrets([((await state.read(PASSWORD_FILE)) ?? '').trim(), ...older.map((secret) => secret.reveal())]);
}

/** The credentials of registries, if nodes get them. */
export async function registrySecrets({
  cluster,
  images,
}: Pick<RunContext, 'cluster' | 'images'>): Promise<readonly Secret[]> {
  const all = await Promise.allSettled(requiredImages(cluster).map(({ name }) => images.credentials(name)));
  // Credentials that can't be read didn't get anywhere either.
  return asSecrets(all.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value.secret.reveal()] : [])));
}

function asSecrets(texts: readonly string[]): Secret[] {
  return [...new Set(texts)].filter((text) => text.length >= SHORTEST).map((text) => new Secret(text));
}

/** The values of variables that have the name of a secret, a password in an address, or look random. */
function variables(env: Readonly<Record<string, string | null | undefined>>): string[] {
  const values = Object.values(env).flatMap((value) => value ?? []);
  return [...named(Object.entries(env)), ...values.filter((value) => RANDOM.test(value)), ...values.flatMap(inAddress)];
}

function inFile(text: string): Record<string, string | undefined> {
  return Object.fromEntries(readEnvFile(text).lines.map(({ name, value }) => [name, value]));
}

function named(entries: readonly (readonly [string, unknown])[]): string[] {
  return entries.flatMap(([name, value]) => (isSecretName(name) && typeof value === 'string' ? [value] : []));
}

/**
 * The texts in data under the names of secrets or after such options, what has the shape of a secret in others, and what
 * looks random in labels.
 */
function inData(value: unknown): string[] {
  if (typeof value === 'string') return [...inAddress(value), ...secretsIn(value)];
  if (Array.isArray(value)) {
    const after = value.filter((_one, i) => typeof value[i - 1] === 'string' && announcesSecret(value[i - 1]));
    return [...after.filter((one) => typeof one === 'string'), ...value.flatMap(inData)];
  }
  if (!isRecord(value)) return [];
  const labels = Object.entries(value).flatMap(([key, one]) =>
    /labels$/i.test(key) ? words(JSON.stringify(one)) : [],
  );
  return [...named(Object.entries(value)), ...labels, ...Object.values(value).flatMap(inData)];
}

/** The words of a text that look random. */
function words(text: string): string[] {
  return text.split(/[\s"'`=:,;|(){}[\]\\]+/).filter((word) => RANDOM.test(word));
}

/** `Bearer x` has x too. */
function headerParts(value: string): string[] {
  return [value, value.replace(/^\w+\s+/, '')];
}

/** The password in an address, as written and decoded. */
function inAddress(text: string): string[] {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:(\S+)@/i.exec(text) ?? [];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    // Not encoded: the text is the password.
    return [password];
  }
}
