import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cluster } from '../config/model.ts';
import { SwarmupError } from '../util/errors.ts';
import { ifThere } from '../util/files.ts';
import { parseAs } from '../util/parse-json.ts';
import type { RegistryAuth } from '../remote/engine-api.ts';
import type { LocalCommands } from '../contracts/local-commands.ts';
import { Secret } from '../util/secret.ts';
import { SingleFlight } from '../async/single-flight.ts';
import { DOCKER_HUB, registryOf } from '../util/image-reference.ts';
import type { CredentialsOf, Credentials } from '../contracts/images.ts';

/** The key of Docker Hub in Docker's credential store. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** Stands for the user where the secret is an identity token. Source: docker/docker-credential-helpers. */
const TOKEN_USER = '<token>';

const configFile = z.looseObject({
  auths: z
    .record(z.string(), z.looseObject({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});

const helperAnswer = z.looseObject({ Username: z.string(), Secret: z.string() });

interface Sources {
  readonly local: LocalCommands;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The credentials that a cluster's nodes get for their registries: none unless its file says `images.registryAuth`. */
export function credentialsFor({ images }: Pick<Cluster, 'images'>, sources: Sources): CredentialsOf {
  return images.registryAuth ? dockerCredentials(sources) : () => Promise.resolve(undefined);
}

/** Reads Docker's own configuration, and asks its credential helpers. Source: docs.docker.com, "docker login". */
function dockerCredentials({ local, env }: Sources): CredentialsOf {
  const file = join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
  const known = new SingleFlight<Credentials | undefined>();
  return (image) => {
    const registry = registryOf(image);
    return known.run(registry, async () => {
      const text = await ifThere(readFile(file, 'utf8'));
      if (text === undefined) return undefined;
      const config = parseAs(configFile, text);
      if (!config) throw damaged(file);
      const server = registry === DOCKER_HUB ? HUB_KEY : registry;
      const helper = config.credHelpers[server] ?? config.credHelpers[registry] ?? config.credsStore;
      if (helper !== undefined) return askHelper(helper, server, local);
      return fromFile(server, config.auths[server] ?? config.auths[`https://${server}`]);
    });
  };
}

function fromFile(
  server: string,
  entry: { auth?: string | undefined; identitytoken?: string | undefined } | undefined,
): Credentials | undefined {
  if (entry?.identitytoken !== undefined)
    return { server, username: TOKEN_USER, secret: new Secret(entry.identitytoken) };
  const [username = '', password] = Buffer.from(entry?.auth ?? '', 'base64')
    .toString()
    .split(/:(.*)/s);
  return password === undefined ? undefined : { server, username, secret: new Secret(password) };
}

/** A helper without credentials for the server says so and exits with 1. */
async function askHelper(helper: string, server: string, local: LocalCommands): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  if (!(await local.which(program)))
    throw new SwarmupError('PREREQUISITE_MISSING', `Docker's credential helper ${program} is not installed`, {
      fix: `Install it, or log in again: docker login ${server}. To use no credentials: images.registryAuth: false.`,
    });
  const { stdout, exitCode } = await local.run([program, 'get'], { input: server, okExit: [0, 1], secret: true });
  const answer = exitCode === 0 ? parseAs(helperAnswer, stdout) : undefined;
  return answer && { server, username: answer.Username, secret: new Secret(answer.Secret) };
}

/** Credentials in the form of the Engine API. Source: the Engine API, "Authentication". */
export function authConfig(credentials: Credentials | undefined): RegistryAuth | undefined {
  if (!credentials) return undefined;
  const { server, username, secret } = credentials;
  return username === TOKEN_USER
    ? { identitytoken: secret.reveal(), serveraddress: server }
    : { username, password: secret.reveal(), serveraddress: server };
}

function damaged(file: string): SwarmupError {
  return new SwarmupError('CONFIG_INVALID', `${file} is not a Docker configuration file`, {
    fix: 'Repair it, or set images.registryAuth: false.',
  });
}
