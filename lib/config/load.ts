import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineCounter, parseDocument, type Document, type YAMLParseError } from 'yaml';
import { decodeBytes } from '../compose/yaml/encoding.ts';
import { Places } from '../compose/yaml/places.ts';
import { SwarmupError } from '../util/errors.ts';
import { yamlHint } from '../util/yaml-hints.ts';
import { refuseLinks } from '../util/state-folder.ts';
import { Conversion } from './convert.ts';
import { configError, type Diagnostic } from './diagnostics.ts';
import { interpolate } from './interpolate.ts';
import { diagnose } from './issues.ts';
import { Locator, type Path } from './locate.ts';
import type { Cluster, ProviderSection } from './model.ts';
import { clusterFile } from './schema.ts';
import type { ParseOptions, ProviderRegistry } from './parse-options.ts';
import { writtenValues } from './written.ts';

/** The folder with the cluster files that come with swarmup. */
export const shippedConfig: string = fileURLToPath(new URL('../../config/', import.meta.url));

export interface LoadOptions {
  /** `-f FILE`; without it swarmup.yaml here, else the shipped config/local.yaml. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly providers: ProviderRegistry;
}

/**
 * Reads a cluster file: YAML, variables, schema, provider section, names.
 *
 * @throws SwarmupError CONFIG_NOT_FOUND, CONFIG_INVALID with every mistake at once, or PATH_UNSAFE
 */
export async function loadCluster(options: LoadOptions): Promise<Cluster> {
  const { env, providers } = options;
  const file = findFile(options);
  const data = await readFile(file).catch((cause: unknown) => {
    throw new SwarmupError('CONFIG_NOT_FOUND', `there is no cluster file ${options.file ?? file}`, {
      fix: `Name an existing one with -f FILE, or start from one of those in ${shippedConfig}.`,
      cause,
    });
  });
  const root = stateRoot(file, options);
  const shown = options.file ?? basename(file);
  const { text, problem } = decodeBytes(data);
  if (problem) throw configError([new Places(shown, text).diagnostic(problem, problem.message, problem.hint)], text);
  const cluster = await parseCluster(text, { file, shown, stateRoot: root, env, providers });
  await refuseLinks(env['SWARMUP_STATE_DIR'] ? undefined : root, cluster.stateDir);
  return cluster;
}

function findFile({ file, cwd }: LoadOptions): string {
  if (file) return resolve(cwd, file);
  const here = join(cwd, 'swarmup.yaml');
  return existsSync(here) ? here : join(shippedConfig, 'local.yaml');
}

/** `.swarmup` lies beside the cluster file; for the shipped files, in the current folder. */
function stateRoot(file: string, { cwd, env }: LoadOptions): string {
  if (env['SWARMUP_STATE_DIR']) return resolve(cwd, env['SWARMUP_STATE_DIR']);
  const folder = dirname(file);
  return join(resolve(folder) === resolve(shippedConfig) ? cwd : folder, '.swarmup');
}

/** Reads a cluster file's text. @throws SwarmupError CONFIG_INVALID with every mistake at once */
export async function parseCluster(text: string, options: ParseOptions): Promise<Cluster> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const locator = new Locator(document, counter, options.shown);
  if (document.errors.length > 0) {
    throw configError(
      syntaxErrors(document).map((e) => ({
        ...locator.atOffset(e.pos[0], e.pos[1] - e.pos[0], syntaxMessage(e), yamlHint(e.code)),
        isSyntax: true,
      })),
      text,
    );
  }
  const { missing, interpolated } = interpolate(document, options.env);
  const written = writtenValues(document, clusterFile, interpolated);
  locator.follow(written.places);
  const mistakes: Diagnostic[] = [...missing, ...written.mistakes].map((m) =>
    locator.atNode(m.node, m.message, m.hint),
  );
  const raw = written.value;
  const parsed = clusterFile.safeParse(raw, { reportInput: true });
  if (!parsed.success) mistakes.push(...diagnose(parsed.error.issues, clusterFile, locator));

  const provider = await checkProviders(raw, { locator, mistakes, options });
  const conversion = new Conversion(options, locator);
  const cluster = parsed.success && provider ? await conversion.run(parsed.data, provider) : undefined;
  mistakes.push(...conversion.mistakes);
  if (mistakes.length > 0 || !cluster) throw configError(mistakes, text);
  return cluster;
}

/** Without those that follow from an earlier one: behind a bracket too many, every word is unexpected. */
function syntaxErrors({ errors }: Document): readonly YAMLParseError[] {
  const unexpected = errors.find(({ code }) => code === 'UNEXPECTED_TOKEN');
  return errors.filter((one) => one.code !== 'UNEXPECTED_TOKEN' || one === unexpected);
}

/** The message without the words of the file that the parser quotes at its end: they may be a secret. */
function syntaxMessage({ code, message }: YAMLParseError): string {
  if (code === 'TAG_RESOLVE_FAILED') return 'Unresolved tag';
  const [first = message] = message.split(/ at line |\n/);
  return first.replace(/: (?:".*"?|\S+)$/, '');
}

/** What the check of a provider's section needs. */
interface Check {
  readonly locator: Locator;
  readonly mistakes: Diagnostic[];
  readonly options: Pick<ParseOptions, 'file' | 'providers'>;
}

/** The provider's section, or those of several, each checked by its own schema; undefined when there is none to check. */
async function checkProviders(raw: unknown, check: Check): Promise<ProviderSection | undefined> {
  const { locator, mistakes } = check;
  const { provider, providers } = isObject(raw) ? raw : {};
  if (providers === undefined) {
    if (provider !== undefined) return checkProvider(provider, ['provider'], check);
    mistakes.push(locator.at(['provider'], "'provider' is missing", 'expected provider: { type: ... }'));
    return undefined;
  }
  if (provider !== undefined)
    mistakes.push(
      locator.at(
        ['provider'],
        'both provider and providers are set',
        'expected only one of them: provider for a single provider',
      ),
    );
  if (!isObject(providers)) return undefined;
  const parts: Record<string, ProviderSection> = {};
  for (const [name, section] of Object.entries(providers)) {
    const part = await checkProvider(section, ['providers', name], check);
    if (part) parts[name] = part;
  }
  const types = [...new Set(Object.values(parts).map(({ type }) => type))];
  return { type: types.join('+'), config: undefined, parts };
}

async function checkProvider(
  section: unknown,
  place: Path,
  { locator, mistakes, options }: Check,
): Promise<ProviderSection | undefined> {
  if (!isObject(section) || typeof section['type'] !== 'string') return undefined;
  const { type } = section;
  const reading = await options.providers.read({ ...section, type }, options.file);
  if ('problem' in reading) {
    mistakes.push(locator.at([...place, 'type'], reading.problem, reading.hint));
    return { type, config: undefined };
  }
  const { invalid } = reading;
  if (invalid) mistakes.push(...diagnose(invalid.issues, invalid.schema, locator, place));
  return reading.section;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
