import { join, resolve } from 'node:path';
import { LineCounter, parseDocument, type Document, type YAMLParseError } from 'yaml';
import { decodeBytes } from '../compose/yaml/encoding.ts';
import { Places } from '../compose/yaml/places.ts';
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
import { refuseOtherKinds } from './other-kinds.ts';
import { readSource } from './read-source.ts';
import { findSource, type SourceRequest } from './source.ts';
import { writtenValues } from './written.ts';

export interface LoadOptions extends SourceRequest {
  readonly providers: ProviderRegistry;
  /** The text of standard input, for the file `-`. */
  readonly stdin?: () => Promise<Buffer>;
}

/**
 * Reads a cluster file: YAML, variables, schema, provider section, names.
 *
 * @throws SwarmupError CONFIG_NOT_FOUND, CONFIG_INVALID with every mistake at once, or PATH_UNSAFE
 */
export async function loadCluster(options: LoadOptions): Promise<Cluster> {
  return (await loadWithText(options)).cluster;
}

/** The same, with the text of the file. */
export async function loadWithText(
  options: LoadOptions,
): Promise<{ readonly cluster: Cluster; readonly text: string }> {
  const { cwd, env, providers } = options;
  const source = findSource(options);
  const { path, shown } = source;
  const data = await readSource(source, options.stdin);
  const root = resolve(cwd, env['SWARMUP_STATE_DIR'] ?? join(source.folder, '.swarmup'));
  const { text, problem } = decodeBytes(data);
  if (problem) throw configError([new Places(shown, text).diagnostic(problem, problem.message, problem.hint)], text);
  const cluster = await parseCluster(text, { file: path, shown, stateRoot: root, env, providers });
  await refuseLinks(env['SWARMUP_STATE_DIR'] ? undefined : root, cluster.stateDir);
  return { cluster, text };
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
  refuseOtherKinds(document, options.shown);
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
