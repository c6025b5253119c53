import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { pipelines } from '../Taskfile.ts';
import { GROUPS, type Command } from '../lib/cli/command.ts';
import { buildProgram, COMMANDS, examplesOf } from '../lib/cli/program.ts';
import { iamPolicy } from '../lib/providers/aws/policy.ts';
import { providerSchema, providerTypes } from '../lib/providers/index.ts';
import { loadTasks } from '../lib/session/load-tasks.ts';
import { clusterFile } from '../lib/config/schema.ts';
import { errorsPage } from './errors-page.ts';

/**
 * Generates the JSON schema for editors and the references in docs/ from the sources. With --check it writes nothing,
 * and fails when a file is out of date.
 */

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly required?: readonly string[];
  readonly not?: Node;
  readonly $schema?: string;
}

/** The schema of what users write, before defaults and conversions. */
function schemaOf(type: z.ZodType): Node {
  const schema: Node = JSON.parse(JSON.stringify(z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' })));
  return schema;
}

/** The section of every built-in provider. */
const sections = await Promise.all(
  providerTypes.map(async (type) => {
    const found = await providerSchema(type);
    if (!found) throw new Error(`the provider ${type} has no schema`);
    const { properties, required = [], ...section } = schemaOf(found);
    const own = { type: { type: 'string', const: type }, ...properties };
    return { type, section: { ...section, properties: own, required: ['type', ...required] } };
  }),
);

/** The JSON schema of a cluster file, with the section of every built-in provider. */
function jsonSchema(): unknown {
  const schema = schemaOf(clusterFile);
  const own = sections.map(({ section: { $schema: _dialect, ...node } }) => node);
  const other: Node = { type: 'object', properties: { type: { not: { enum: providerTypes } } }, required: ['type'] };
  const provider = { ...schema.properties?.['provider'], anyOf: [...own, other] };
  const providers = { ...schema.properties?.['providers'], additionalProperties: { anyOf: [...own, other] } };
  return withExtensions({ ...schema, properties: { ...schema.properties, provider, providers } });
}

/** The schema with the user's own keys, `x-NAME`, wherever only certain keys are allowed. */
function withExtensions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withExtensions);
  if (typeof node !== 'object' || node === null) return node;
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withExtensions(value)]));
  const isClosed = 'additionalProperties' in node && node.additionalProperties === false;
  return { ...inner, ...(isClosed ? { patternProperties: { '^x-': {} } } : {}) };
}

function reference(): string {
  const schema = schemaOf(clusterFile);
  return [
    '# The cluster file',
    '',
    'Generated from `lib/config/schema.ts` by `npm run generate`. Keys are strict, but for your own that begin with `x-`.',
    '`${VAR}` and `${VAR:-default}` come from the environment, `$$` is a dollar sign. An unquoted reference (`replicas: ${N}`,',
    'on a line of its own) may be a number, a quoted one is a string. Paths are relative to the file.',
    '',
    'Anchors, aliases and merge keys (`<<: *common`) work everywhere. A "text" keeps what is written, also without quotes:',
    '`007` stays `007`. Sizes are written as `64MiB` or `64m`, times as `1m30s`, and modes of files in octal, with a leading',
    'zero: `0440`.',
    '',
    '| key | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows(schema, ''),
    '',
    ...sections.flatMap(({ type, section }) => [
      `## \`provider\` with \`type: ${type}\``,
      '',
      '| key | type | default | meaning |',
      '| --- | --- | --- | --- |',
      ...rows(section, 'provider.'),
      '',
    ]),
  ].join('\n');
}

/** A row per key, followed by its own keys. */
function rows(node: Node, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (key === '$schema') return [];
    const path = `${prefix}${key}`;
    const fallback =
      child.default === undefined || typeof child.default === 'object' ? '' : `\`${JSON.stringify(child.default)}\``;
    const needed = node.required?.includes(key) ? '**required**' : fallback;
    const own = `| \`${path}\` | ${typeOf(child)} | ${needed} | ${(child.description ?? '').replaceAll('|', '\\|')} |`;
    return [own, ...below(child, path)];
  });
}

/** The keys of a value in all of its forms: those of an object, of a map's entries, and of a list's. */
function below(node: Node, path: string): string[] {
  const forms = formsOf(node);
  // A list of what may also stand alone has the same keys.
  const alone = new Set(forms.map((form) => JSON.stringify(form)));
  return forms.flatMap((form) => [
    ...rows(form, `${path}.`),
    ...(typeof form.additionalProperties === 'object' ? rowsOf(form.additionalProperties, `${path}.NAME.`) : []),
    ...(form.items && !alone.has(JSON.stringify(form.items)) ? rowsOf(form.items, `${path}[].`) : []),
  ]);
}

function rowsOf(node: Node, prefix: string): string[] {
  return formsOf(node).flatMap((form) => rows(form, prefix));
}

function formsOf(node: Node): readonly Node[] {
  return node.anyOf ? node.anyOf.flatMap(formsOf) : [node];
}

function typeOf(node: Node): string {
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.type === 'array') return `list of ${node.items ? typeOf(node.items) : 'values'}`;
  if (node.type === 'object' && typeof node.additionalProperties === 'object') return 'map';
  const types = [node.type ?? 'any'].flat().filter((type) => type !== 'null');
  // Texts may be written as numbers and booleans too, which goes without saying.
  return ['string', 'number', 'boolean'].every((type) => types.includes(type)) ? 'text' : types.join(' or ');
}

/** The output of `swarmup COMMAND --help`. */
function help(command: Command): string {
  let parser = buildProgram(() => undefined, '');
  for (const word of command.name.split(' ')) parser = parser.commands.find((one) => one.name() === word) ?? parser;
  return `${parser.helpInformation().trim()}\n\nExamples:\n${examplesOf(command)}`;
}

async function commands(): Promise<string> {
  const tasks = await loadTasks([...new Set(Object.values(pipelines).flat())]);
  const helps = GROUPS.flatMap((group) => [
    `### ${group}`,
    '',
    ...COMMANDS.filter((command) => command.group === group).map(
      (command) => `#### ${command.name}\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
    ),
  ]);
  const needs = (task: (typeof tasks)[number]) => task.needs.map((need) => `\`${need.task}\``).join(', ') || 'nothing';
  return [
    '# Commands and tasks',
    '',
    'Generated by `npm run generate` from the command line and the tasks themselves.',
    '',
    '## Commands',
    '',
    ...helps,
    '## Environment',
    '',
    '| variable | meaning |',
    '| --- | --- |',
    '| `SWARMUP_STATE_DIR` | the folder for keys, disks and records; default: `.swarmup` beside the cluster file |',
    '| `SWARMUP_SUDO_PASSWORD` | the sudo password on hosts where the user is not root and sudo needs one |',
    '| `SWARMUP_SSH_CONFIG` | the OpenSSH configuration that `swarmup context` adds to; default: `~/.ssh/config`, where `~` is the home of the passwd entry, as for ssh |',
    '| `SWARMUP_CACHE_DIR` | the folder for images shared by all clusters; default: the cache folder of the system |',
    '| `NO_COLOR`, `CI` | no colours; plain lines instead of the live view |',
    '',
    '## Pipelines',
    '',
    ...Object.entries(pipelines).map(([name, ids]) => `- \`${name}\`: ${ids.map((id) => `\`${id}\``).join(', ')}`),
    '',
    '## Tasks',
    '',
    '| id | goal | what it does | needs |',
    '| --- | --- | --- | --- |',
    ...tasks.map((task) => `| \`${task.id}\` | ${task.title} | ${task.about} | ${needs(task)} |`),
    '',
  ].join('\n');
}

const files: Readonly<Record<string, string>> = {
  'config/swarmup.schema.json': `${JSON.stringify(jsonSchema(), null, 2)}\n`,
  'docs/reference/cluster-file.md': reference(),
  'docs/reference/commands.md': await commands(),
  'docs/errors.md': errorsPage(),
  'docs/reference/aws-policy.json': `${JSON.stringify(iamPolicy(), null, 2)}\n`,
};
const checking = process.argv.includes('--check');
for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  if (!checking) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readOrEmpty(path) !== text) {
    process.stderr.write(`${name} is out of date: run npm run generate\n`);
    process.exitCode = 1;
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A missing file is out of date too.
    return '';
  }
}
