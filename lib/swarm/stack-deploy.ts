import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { StackSpec } from '../config/model.ts';
import { unpassable, unsendable } from '../config/stack-limits.ts';
import type { Host } from '../contracts/host.ts';
import type { Credentials } from '../contracts/images.ts';
import { hasCode, SwarmupError } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { additionalFiles } from './stack-additions.ts';
import type { Placing } from './stack-replacements.ts';
import { DEPLOY } from './stack-script.ts';
import type { Addition, ObjectNames } from './stack.ts';

/** How a stack is deployed, besides its files. */
export interface Deployment {
  readonly additions: readonly Addition[];
  readonly objects: ObjectNames;
  readonly resolveImage: StackSpec['resolveImage'];
  /** For the registries of its images, if nodes get them. */
  readonly credentials?: readonly Credentials[] | undefined;
  /** The user's home, for `~` in the files. */
  readonly home?: string | undefined;
}

/** Docker's view of the private folder, from any folder, without knowing its name. */
const HERE = '/proc/self/cwd';

/** Whether docker can take the user's own folder for that of the stack's files. */
export function usesRealFolder({ references }: Pick<StackSpec, 'references'>): boolean {
  return !references.some(({ kind }) => kind === 'env_file');
}

/**
 * Deploys a stack from a manager. There is no API for it: the docker command reads the Compose files, which get there
 * unchanged, with the files and the variables that they refer to.
 *
 * @throws SwarmupError STACK_INVALID for what can't be sent, or what docker refuses, with its message
 */
export async function deployStack(
  manager: Host,
  stack: StackSpec,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<void> {
  const { sent, options } = parcel(stack, deployment);
  const paths = sent.map(({ path }) => path);
  const argv = ['sh', '-c', DEPLOY, 'swarmup-stack', String(sent.length), ...paths, ...options, stack.name];
  try {
    await manager.run(argv, {
      // It may contain secrets.
      input: Readable.from([await archive(sent.map(({ content }) => content))]),
      signal,
      fix: `Correct the error in ${stack.file} that Docker reports. Secrets and configs can't be changed: give changed ones another name, or move them to the cluster file.`,
    });
  } catch (error) {
    if (!hasCode(error, 'COMMAND_FAILED')) throw error;
    throw refused(manager, stack, error);
  }
}

/** The error of Docker's client, without the script that runs it. */
function refused(manager: Host, { name }: StackSpec, error: SwarmupError): SwarmupError {
  const { fix, output, transient } = error;
  return new SwarmupError('STACK_INVALID', `${manager.name}: 'docker stack deploy ${name}' failed`, {
    fix,
    transient,
    cause: error,
    ...(output === undefined ? {} : { output }),
  });
}

interface Sent {
  /** Below the private folder. */
  readonly path: string;
  readonly content: string | Buffer;
}

/** What is sent to a manager, and the options of `docker stack deploy` there. Pure. */
function parcel(
  stack: StackSpec,
  { additions, objects, resolveImage, credentials, home }: Deployment,
): { readonly sent: readonly Sent[]; readonly options: readonly string[] } {
  requireSendable(stack);
  const placing: Placing = { isRealFolder: usesRealFolder(stack), sent: (path) => `${HERE}/${below(path)}` };
  const files = stack.files.map(({ path, text }) => ({ path, content: text }));
  const references = stack.references.map(({ path, data }) => ({
    path,
    content: Buffer.from(data.reveal(), 'base64'),
  }));
  const own = unused(
    'swarmup',
    [...files, ...references].map(({ path }) => path),
    stack.folder,
  );
  const { first, last } = additionalFiles(stack, additions, objects, placing);
  const begin = { path: `${own}-first.json`, content: first.reveal() };
  const end = last ? [{ path: `${own}-last.json`, content: last.reveal() }] : [];
  const others = [...files, ...end].map(({ path }) => below(path));
  const placed = [begin, ...files, ...end, ...references].map(({ path, content }) => ({ path: below(path), content }));
  return {
    sent: [
      ...new Map(placed.map((one) => [one.path, one])).values(),
      ...variablesOf(stack, home),
      { path: 'docker/config.json', content: clientConfig(credentials) },
    ],
    options: [
      '--resolve-image',
      resolveImage,
      ...(credentials ? ['--with-registry-auth'] : []),
      // Its folder is that of all relative paths in the files.
      '-c',
      csv(placing.isRealFolder ? `${HERE}/up/../../../..${begin.path}` : below(begin.path)),
      ...others.flatMap((path) => ['-c', csv(path)]),
    ],
  };
}

/** The place of an absolute path in the private folder. @throws SwarmupError for a path that isn't shortened */
function below(path: string): string {
  if (!posix.isAbsolute(path) || posix.normalize(path) !== path || path.endsWith('/'))
    throw new SwarmupError('STACK_INVALID', `${path} is not an absolute path of a file`, {
      fix: 'Correct the path in the stack.',
    });
  return `root${path}`;
}

/** A path in a folder that begins none of the others. */
function unused(name: string, paths: readonly string[], folder: string): string {
  const path = posix.join(folder, name);
  return paths.some((one) => one.startsWith(path)) ? unused(`${name}_`, paths, folder) : path;
}

/** An item of an option that takes a list separated by commas. Source: spf13/pflag, StringSlice. */
function csv(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function variablesOf({ environment, files }: StackSpec, home: string | undefined): readonly Sent[] {
  const values = new Map<string, string>();
  // `~` stands for it. A file without that character can't mean it.
  if (home !== undefined && files.some(({ text }) => text.includes('~'))) values.set('HOME', home);
  for (const [name, value] of Object.entries(environment)) values.set(name, value.reveal());
  return [...values].map(([name, content]) => ({ path: `variables/${name}`, content }));
}

/** A configuration of the docker command, with credentials. Source: docker/cli, cli/config/types, AuthConfig. */
function clientConfig(credentials: readonly Credentials[] = []): string {
  const auths = credentials.map(({ server, username, secret }) => [server, authOf(username, secret)]);
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}

function authOf(username: string, secret: Secret): object {
  if (username === '<token>') return { identitytoken: secret.reveal() };
  return { auth: Buffer.from(`${username}:${secret.reveal()}`).toString('base64') };
}

function requireSendable({ name, references, folder, environment }: StackSpec): void {
  const problems = [
    ...references.map((reference) => unsendable(reference, folder)),
    ...Object.keys(environment).map(unpassable),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0)
    throw new SwarmupError('STACK_INVALID', `stack ${name}: ${problems.join('; ')}`, {
      fix: 'Use a path relative to the Compose file, or another variable.',
    });
}

/** A tar file of numbered files, which only their owner may read. */
function archive(contents: readonly (string | Buffer)[]): Promise<Buffer> {
  const tar = pack();
  contents.forEach((content, i) => tar.entry({ name: String(i), mode: 0o600 }, content));
  tar.finalize();
  return buffer(tar);
}
