import { LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../../util/errors.ts';
import type { Diagnostic } from '../diagnostics.ts';
import { IMAGE_EXPECTED, isImageReference } from '../grammar.ts';
import { Locator, type Path } from '../locate.ts';
import type { StackService } from '../model.ts';
import { localReferences, type LocalReference } from './local-references.ts';
import { composePorts } from './ports.ts';
import { composeFile, sourceOf, type ComposeFile } from './schema.ts';
import { substitute } from './variables.ts';

/** The sections in which Docker substitutes variables. Source: docker/cli, cli/compose/loader. */
const INTERPOLATED = ['services', 'volumes', 'networks', 'secrets', 'configs'] as const;

export interface ComposeSummary {
  /** The file's version: a file merged with it has to claim the same. */
  readonly version?: string;
  readonly services: readonly StackService[];
  readonly externalSecrets: readonly string[];
  /** The names of the variables it refers to, none of which is set. */
  readonly variables: readonly string[];
}

export interface ComposeOptions {
  /** The file's name as shown in mistakes. */
  readonly shown: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What swarmup needs to know of a Compose file: services, images, published ports and external secrets. Docker reads
 * the file itself, on a manager. What would mean something different there is a mistake.
 *
 * @returns no summary when the file isn't a Compose file with images
 */
export function readCompose(
  text: string,
  { shown, env }: ComposeOptions,
): { readonly summary: ComposeSummary | undefined; readonly mistakes: readonly Diagnostic[] } {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, merge: true });
  const locator = new Locator(document, counter, shown, text);
  const [problem] = document.errors;
  if (problem)
    return { summary: undefined, mistakes: [locator.atOffset(problem.pos[0], 1, firstLine(problem.message))] };
  const mistakes: Diagnostic[] = [];
  const variables = new Set<string>();
  let raw: unknown;
  try {
    raw = document.toJS();
  } catch (error) {
    // An alias without an anchor, or so many that they would exhaust memory.
    return { summary: undefined, mistakes: [locator.at([], messageOf(error))] };
  }
  const interpolated = withSections(raw, (value, path) => {
    const found = substitute(value, env);
    mistakes.push(...found.problems.map((message) => locator.at(path, message)));
    for (const name of found.variables) {
      variables.add(name);
      if (env[name] === undefined) continue;
      mistakes.push(
        locator.at(
          path,
          `the variable ${name} is set in this environment, but not on the manager that deploys the stack`,
          `expected the value itself in the file, or no ${name} in the environment`,
        ),
      );
    }
    return found.text;
  });
  const parsed = composeFile.safeParse(interpolated);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    const what = `${path.length > 0 ? `${path.join('.')}: ` : ''}${issue?.message ?? 'not a Compose file'}`;
    return {
      summary: undefined,
      mistakes: [...mistakes, locator.at(path, what, 'expected services, each with an image')],
    };
  }
  for (const { path, message, hint } of [...wrongImages(parsed.data), ...localReferences(parsed.data)]) {
    const found = locator.at(path, message, hint);
    // Mistakes in variables are reported above.
    if (!mistakes.some(({ line, column }) => line === found.line && column === found.column)) mistakes.push(found);
  }
  return { summary: { ...summary(parsed.data), variables: [...variables].toSorted() }, mistakes };
}

function wrongImages({ services }: ComposeFile): readonly LocalReference[] {
  const wrong = Object.entries(services).filter(([, { image }]) => !isImageReference(image));
  return wrong.map(([name, { image }]) => ({
    path: ['services', name, 'image'],
    message: `'${image}' is not an image reference`,
    hint: IMAGE_EXPECTED,
  }));
}

function summary({ version, services, secrets = {}, volumes = {} }: ComposeFile): Omit<ComposeSummary, 'variables'> {
  // With a driver, or options for one, a volume may be reached from any node.
  const local = Object.keys(volumes).filter((name) => !volumes[name]?.driver && !volumes[name]?.driver_opts);
  return {
    ...(version === undefined ? {} : { version: String(version) }),
    services: Object.entries(services).map(([name, { image, ports = [], environment = {}, ...service }]) => ({
      name,
      image,
      ports: ports.flatMap(composePorts),
      environment: Array.isArray(environment)
        ? environment.map((line) => line.replace(/=.*$/s, ''))
        : Object.keys(environment),
      constraints: service.deploy?.placement?.constraints ?? [],
      volumes: (service.volumes ?? []).map(sourceOf).filter((source) => local.includes(source)),
    })),
    externalSecrets: Object.entries(secrets).flatMap(([name, secret]) => {
      if (!secret?.external) return [];
      const { external } = secret;
      return [(typeof external === 'object' ? external.name : undefined) ?? secret.name ?? name];
    }),
  };
}

/** A copy in which every text of the interpolated sections is changed. */
function withSections(raw: unknown, change: (text: string, path: Path) => string): unknown {
  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return change(value, path);
    if (Array.isArray(value)) return value.map((one, i) => walk(one, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, [...path, key])]));
  };
  if (typeof raw !== 'object' || raw === null) return raw;
  const isSection = (key: string) => INTERPOLATED.some((section) => section === key);
  return Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key, isSection(key) ? walk(value, [key]) : value]),
  );
}

function firstLine(message: string): string {
  return message.split(/ at line |\n/)[0] ?? message;
}
