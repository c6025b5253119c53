import { waitUntil } from '../async/wait-until.ts';
import { cliName } from '../compose/clients.ts';
import type { Cluster, StackSpec } from '../config/model.ts';
import type { RunContext, Work } from '../contracts/context.ts';
import type { Engine } from '../contracts/engine.ts';
import { SwarmupError } from '../util/errors.ts';
import type { Names } from './fields/field.ts';
import { namesOf } from './secrets-and-configs.ts';
import { usesRealFolder } from './stack-deploy.ts';
import { lossyServices, type Loss } from './stack-replacements.ts';
import { externalNames, ownNames, type SwarmNames } from './stack-spec/names.ts';
import { tooOldFor } from './stack-version.ts';
import type { Addition } from './stack.ts';

/** What a stack needs before `docker stack deploy` can do what its files say. */

/** How long another stack may take to create what this one needs, in milliseconds. */
const PROVIDED_MS = 300_000;

const KINDS = ['networks', 'secrets', 'configs'] as const;

/** External networks, secrets and configs of a stack, and where they are. */
export interface Externals {
  /** Neither the swarm nor the cluster file has them. */
  readonly missing: SwarmNames;
  /** Another stack of the cluster file creates them, and hasn't yet. */
  readonly awaited: SwarmNames;
}

/**
 * @param present what the swarm has; undefined before it exists
 */
export function externalsOf(stack: StackSpec, cluster: Cluster, present: Names | undefined): Externals {
  const wanted = externalNames(stack.compose);
  const others = cluster.stacks.filter(({ name }) => name !== stack.name);
  const theirs = others.map((one) => ownNames(one.name, one.compose));
  const sorted = (kind: (typeof KINDS)[number]) => {
    const absent = wanted[kind].filter((name) => !isPresent(kind, name, present) && !isOurs(kind, name, cluster));
    return {
      missing: absent.filter((name) => !theirs.some((one) => one[kind].includes(name))),
      awaited: absent.filter((name) => theirs.some((one) => one[kind].includes(name))),
    };
  };
  const [networks, secrets, configs] = KINDS.map(sorted);
  const part = (key: 'missing' | 'awaited'): SwarmNames => ({
    networks: networks?.[key] ?? [],
    secrets: secrets?.[key] ?? [],
    configs: configs?.[key] ?? [],
  });
  return { missing: part('missing'), awaited: part('awaited') };
}

type Kind = (typeof KINDS)[number];

function isPresent(kind: Kind, name: string, present: Names | undefined): boolean {
  if (!present) return false;
  if (kind === 'networks') return [...present.networks.values()].includes(name);
  return present.objects.has(`${kind.slice(0, -1)} ${name}`);
}

function isOurs(kind: Kind, name: string, { networks, objects }: Cluster): boolean {
  if (kind === 'networks') return networks.some((one) => one.name === name);
  return objects.some((one) => `${one.kind}s` === kind && one.name === name);
}

/** The names as a list in words, such as "network a, secret b"; empty for none. */
export function listOf(names: SwarmNames): string {
  return KINDS.flatMap((kind) => names[kind].map((name) => `${kind.slice(0, -1)} ${name}`)).join(', ');
}

/**
 * @param cli the manager's docker, from `cliVersion`; undefined when it isn't known yet
 * @throws SwarmupError STACK_INVALID for what can't be deployed as the files say
 */
export function requireDeployable(
  stack: StackSpec,
  additions: readonly Addition[],
  missing: SwarmNames,
  cli: number | undefined,
): void {
  const old = cli === undefined ? undefined : tooOldFor(stack.version, cli);
  if (old !== undefined)
    throw new SwarmupError('STACK_INVALID', `stack ${stack.name}: ${old}`, {
      fix:
        stack.version === undefined
          ? `Begin ${stack.file} with version: "3.8", or upgrade Docker (docker.version).`
          : 'Claim an older version in the Compose file, or upgrade Docker (docker.version).',
    });
  if (cli !== undefined) requireSameReading(stack, cli);
  const [loss] = lossyServices(stack, additions, { isRealFolder: usesRealFolder(stack), cli });
  if (loss) throw lossy(stack, loss);
  const list = listOf(missing);
  if (list !== '')
    throw new SwarmupError(
      'STACK_INVALID',
      `stack ${stack.name} needs ${list}, external in ${stack.file}, which neither the cluster file nor the swarm has`,
      {
        fix: 'Add them to networks, secrets or configs of the cluster file, or create them on a manager: sudo docker network create --driver overlay NAME, sudo docker secret create NAME FILE, sudo docker config create NAME FILE',
      },
    );
}

/** @throws SwarmupError STACK_INVALID for what the manager's docker reads as something else, or refuses */
function requireSameReading({ name, older = [] }: StackSpec, cli: number): void {
  const found = older.filter(({ below }) => cli < below).map(({ mistake }) => mistake);
  if (found.length === 0) return;
  const lines = found.map(({ file, line, column, message, hint }) => {
    return `${file}:${line}:${column}: ${message}\n  ${hint ?? ''}`;
  });
  throw new SwarmupError(
    'STACK_INVALID',
    `stack ${name}: the managers' docker ${cliName(cli)} reads the Compose file differently\n\n${lines.join('\n\n')}`,
    { fix: 'Correct these places, or upgrade Docker (docker.version).' },
  );
}

const LOSS_FIXES: Readonly<Record<Loss['replaced'], string>> = {
  image: 'Write the version into the Compose file instead of the cluster file.',
  volumes: 'Write the sources of its bind mounts as absolute paths, or its env_file as environment.',
  replicas: 'Set drift: fix for this service, or write the number of its tasks into the Compose file.',
};

function lossy({ name, file }: StackSpec, { service, replaced }: Loss): SwarmupError {
  return new SwarmupError(
    'STACK_INVALID',
    `stack ${name}: the ${replaced} of service ${service} can't be replaced, as Docker would merge its lists in ${file} wrongly`,
    { fix: LOSS_FIXES[replaced] },
  );
}

/** Waits until other stacks have created what this one needs of them. @throws SwarmupError TIMED_OUT */
export async function untilProvided(
  ctx: Work & Pick<RunContext, 'cluster'>,
  manager: Engine,
  stack: StackSpec,
): Promise<void> {
  await waitUntil({
    until: `other stacks have created what stack ${stack.name} needs`,
    probe: async () => {
      const seen = listOf(externalsOf(stack, ctx.cluster, await namesOf(manager)).awaited);
      return seen === '' ? { done: undefined } : { seen: `no ${seen}` };
    },
    deadlineMs: PROVIDED_MS,
    intervalMs: 1000,
    signal: ctx.signal,
    clock: ctx.clock,
    fix: 'See why the stack that creates it has not been deployed, and run again.',
    onSeen: (seen) => ctx.report(`waiting for another stack: ${seen}`),
  });
}
