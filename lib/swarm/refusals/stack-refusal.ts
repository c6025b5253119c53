import type { Path } from '../../compose/yaml/read.ts';
import type { StackSpec } from '../../config/model.ts';
import { SwarmupError, type ErrorCode } from '../../util/errors.ts';
import { keyOf } from '../stack-spec/names.ts';
import { CLIENT_WORDS, type Named } from './client-words.ts';
import { ENGINE_WORDS } from './engine-words.ts';
import { placeInStack } from './places.ts';
import type { Kind, RefusalContext } from './refusal.ts';

/** What `docker stack deploy` printed, and where it ran. */
export interface Refused {
  readonly manager: string;
  readonly output: string;
  /** Whether its words are known to pass, wherever they come from. */
  readonly transient: boolean;
  readonly cause: unknown;
}

type Stack = Pick<StackSpec, 'name' | 'files' | 'compose' | 'file'>;

/** One reason, before its place is put into words. */
interface Reason {
  readonly code: ErrorCode;
  readonly cause: string;
  readonly fix: string;
  readonly path: Path | undefined;
  readonly transient: boolean | undefined;
}

/** The subject that docker's client names. Source: docker/cli, cli/command/stack, deploy_composefile.go. */
const SUBJECT =
  /failed to (?:create|update) (service|network|secret|config) (\S+?): (?:Error response from daemon: )?([^]*)/;
const INVALID = /code = InvalidArgument desc = ([^\n]+)/;

/**
 * The error of a stack that `docker stack deploy` refuses: at the line of the Compose file that its words mean, with
 * what to do.
 */
export function stackRefusal(stack: Stack, { manager, output, transient, cause }: Refused): SwarmupError {
  const words = ownWords(output);
  const reason = ofEngine(stack, manager, words) ?? ofClient(stack, manager, words);
  const shared = { cause, ...(words === '' ? {} : { output: words }) };
  if (!reason)
    return new SwarmupError('ENGINE_REFUSED', `${manager}: 'docker stack deploy ${stack.name}' failed`, {
      fix: `Correct what Docker names. For what was deployed: swarmup config --stack ${stack.name} --effective`,
      transient,
      ...shared,
    });
  const place = reason.path && placeInStack(stack, reason.path);
  const { code, fix } = reason;
  return new SwarmupError(code, `stack ${stack.name}: ${place === undefined ? '' : `${place}: `}${reason.cause}`, {
    fix,
    transient: reason.transient ?? transient,
    ...shared,
  });
}

/** What a manager refused, with the service, network, secret or config of the stack. */
function ofEngine(stack: Stack, manager: string, output: string): Reason | undefined {
  const [, named, name = '', words = ''] = SUBJECT.exec(output) ?? [];
  if (named === undefined) return undefined;
  const kind = kindOf(named);
  const key = keyOf(stack.name, stack.compose, { kind, name });
  const context: RefusalContext = { manager, stack: stack.name, kind, name, key: key ?? name };
  const own = key === undefined ? undefined : [`${kind}s`, key];
  for (const { words: pattern, cause, fix, at, isOfSwarm, transient } of ENGINE_WORDS) {
    const found = pattern.exec(words);
    if (!found) continue;
    return {
      code: isOfSwarm ? 'ENGINE_REFUSED' : 'STACK_INVALID',
      cause: `${kind} ${name}: ${cause(context, found)}`,
      fix: fix(context, found),
      path: own && [...own, ...(at?.stack ?? [])],
      transient,
    };
  }
  const [, invalid] = INVALID.exec(words) ?? [];
  return {
    code: invalid === undefined ? 'ENGINE_REFUSED' : 'STACK_INVALID',
    cause: `${kind} ${name}: ${invalid ?? firstLine(words)}`,
    fix: invalid === undefined ? logOf(manager) : 'Correct it in the Compose file.',
    path: own,
    transient: undefined,
  };
}

function ofClient(stack: Stack, manager: string, output: string): Reason | undefined {
  for (const { words, cause, fix, at, code = 'STACK_INVALID', transient } of CLIENT_WORDS) {
    const found = words.exec(output);
    if (!found) continue;
    const place = { manager, stack: stack.name };
    const named = at?.(found);
    return {
      code,
      cause: cause(found, place),
      fix: fix(found, place),
      path: named && pathOf(stack, named),
      transient,
    };
  }
  return undefined;
}

function logOf(manager: string): string {
  return `This is the engine's own message; for more, read its log: swarmup ssh ${manager} -- sudo journalctl -u docker -n 50`;
}

function kindOf(word: string): Kind {
  return word === 'network' || word === 'secret' || word === 'config' ? word : 'service';
}

function pathOf(stack: Stack, named: Named): Path | undefined {
  if ('path' in named) return named.path;
  if ('dotted' in named) return split(stack, named.dotted);
  const key = keyOf(stack.name, stack.compose, named);
  return key === undefined ? undefined : [`${named.kind}s`, key];
}

/** A path in docker's words, where names may have dots themselves, and [] is any item of a list. */
function split({ compose }: Stack, dotted: string): Path {
  const [section = '', ...rest] = dotted.split('.');
  const known: unknown = Reflect.get(compose, section);
  const keys = typeof known === 'object' && known !== null ? Object.keys(known) : [];
  const whole = rest.join('.');
  const key = keys
    .filter((one) => whole === one || whole.startsWith(`${one}.`))
    .toSorted((a, b) => b.length - a.length)[0];
  const path = key === undefined ? rest : [key, ...whole.slice(key.length + 1).split('.')];
  const end = path.findIndex((one) => one === '[]' || one === '');
  const steps = end === -1 ? path : path.slice(0, end);
  return [section, ...steps.map((step, i) => (i > 0 && /^\d+$/.test(step) ? Number(step) : step))];
}

/** Docker's words with the user's own paths instead of those of the private folder on the manager, and without advice. */
function ownWords(output: string): string {
  return output
    .replace(/^(?:Since --detach=false was not specified|In a future release, --detach=false will).*\n?/gm, '')
    .replace(/\/(?:run|dev\/shm)\/swarmup-stack\.\w+\/root(?=\/)/g, '')
    .replace(/\/proc\/self\/cwd\/(?:root|up\/\.\.\/\.\.\/\.\.\/\.\.)(?=\/)/g, '')
    .trim();
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
