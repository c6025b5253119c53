import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ComposeConfig } from '../../lib/compose/types.ts';
import { exact } from '../../lib/util/image-reference.ts';
import { Secret } from '../../lib/util/secret.ts';
import { deployStack } from '../../lib/swarm/stack-deploy.ts';
import { externalNames, ownNames } from '../../lib/swarm/stack-spec/names.ts';
import { stackServiceSpec } from '../../lib/swarm/stack-spec/service.ts';
import { dockerWith, localManager, stackOn, type Files, type Written } from '../support/deploying.ts';
import { RecordingManager } from '../support/recording-manager.ts';
import { hasOracle } from './docker.ts';
import { ENVIRONMENT, TRIALS } from './specs.ts';

const never = new AbortController().signal;
const engine = new RecordingManager();
beforeAll(() => engine.listen());
beforeEach(() => engine.reset());
afterAll(() => engine.close());

/** Empty, but not the same as absent. */
const MEANT = new Set(['Global', 'GlobalJob', 'Replicated', 'Runtime', 'ClusterOptions', 'Value']);

/** Docker sorts them by their names only. */
const UNORDERED = new Set(['Secrets', 'Configs']);

function sorted(list: unknown): unknown {
  const text = (one: unknown) => JSON.stringify(one, ['SecretName', 'ConfigName', 'File', 'Name']);
  return Array.isArray(list) ? list.toSorted((one, other) => (text(one) < text(other) ? -1 : 1)) : list;
}

/** A body without what Go writes for empty values, and without the IDs of what the swarm has. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !['SecretID', 'ConfigID', 'ForceUpdate', 'NoNewPrivileges', 'swarmup.stack'].includes(key))
    .map(([key, inner]) => [key, UNORDERED.has(key) ? sorted(plain(inner)) : plain(inner)] as const)
    .filter(([key, inner]) => MEANT.has(key) || !isEmpty(inner));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** What the real docker asks an engine to make of a stack, through swarmup's own script. */
async function deployed(files: Files): Promise<Written> {
  const written = stackOn(files);
  const { networks, secrets, configs } = externalNames(written.compose);
  for (const Name of networks) engine.networks.push({ Name, Id: `id-of-${Name}`, Scope: 'swarm' });
  for (const Name of secrets) engine.secrets.push({ ID: `id-of-${Name}`, Spec: { Name } });
  for (const Name of configs) engine.configs.push({ ID: `id-of-${Name}`, Spec: { Name } });
  const bin = dockerWith(engine.socket);
  const deployment = {
    additions: [],
    objects: { secrets: new Map<string, string>(), configs: new Map<string, string>() },
    resolveImage: written.stack.resolveImage,
    home: process.env['HOME'],
  };
  await deployStack(localManager(bin).host, written.stack, deployment, never);
  return written;
}

const CASES = new URL('cases/', import.meta.url);
const fileOf = (name: string) => readFileSync(new URL(name, CASES), 'utf8');
const cases = readdirSync(CASES).flatMap((name) => /^(.*)\.expected\.yml$/.exec(name)?.[1] ?? []);

/** All trials as one stack, whose services are numbered. */
function trials(): Files {
  const all = Object.values(TRIALS);
  const services = all.map(
    ({ lines }, i) => `  t${i}:\n    image: x\n    ${lines.trim().split('\n').join('\n    ')}\n`,
  );
  const sections = ['networks', 'volumes', 'secrets', 'configs'].map((kind) => {
    const entries = all.flatMap((trial) => trial.sections?.[kind] ?? []);
    return `${kind}: { ${entries.join(', ')} }\n`;
  });
  return {
    files: { 'stack.yml': `services:\n${services.join('')}${sections.join('')}`, 'c.txt': 'c', 'd.txt': 'd' },
    references: all.flatMap(({ references = [] }) => references),
    env: ENVIRONMENT,
  };
}

const byName = (list: readonly unknown[]) =>
  Object.fromEntries(list.map((one) => [(one as { readonly Name: string }).Name, one]));
const wantedOf = (compose: ComposeConfig) =>
  byName(Object.keys(compose.services).map((name) => plain(withIds(stackServiceSpec('s', name, compose)))));
const found = () => byName(engine.bodies('/services/create').map(plain));

/** What docker created in its own right, by kind. */
function createdNames(): object {
  const names = (kind: string) =>
    engine
      .bodies(`/${kind}/create`)
      .map((one) => String(one['Name']))
      .toSorted();
  return { networks: names('networks'), secrets: names('secrets'), configs: names('configs') };
}

describe.runIf(hasOracle)('the specification of a stack’s service equals what docker creates', () => {
  let together: { readonly compose: ComposeConfig; readonly bodies: object; readonly names: object };
  beforeAll(async () => {
    engine.reset();
    const { compose } = await deployed(trials());
    together = { compose, bodies: found(), names: createdNames() };
  }, 60_000);

  it.each(Object.keys(TRIALS).map((name, i) => [name, `t${i}`]))('%s', (_name, service) => {
    const name = `s_${service}`;
    expect(wantedOf(together.compose)).toHaveProperty([name]);
    expect(Reflect.get(together.bodies, name)).toEqual(wantedOf(together.compose)[name]);
  });

  it('and so do the names of networks, secrets and configs', () => {
    expect(together.names).toEqual(ownNames('s', together.compose));
    expect(engine.unexpected).toEqual([]);
  });

  it.each(cases)('the recorded case %s', async (name) => {
    const text = fileOf(`${name}.yml`);
    const { compose } = await deployed({ files: { 'stack.yml': text }, env: text.includes('$') ? { P: '8080' } : {} });
    expect(compose.services).toEqual((parse(fileOf(`${name}.expected.yml`)) as ComposeConfig).services);
    expect(found()).toEqual(wantedOf(compose));
    expect(createdNames()).toEqual(ownNames('s', compose));
    expect(engine.unexpected).toEqual([]);
  });
});

/** The config of a credential specification is referred to by its ID, and docker adds the tag of an image. */
function withIds(spec: unknown): unknown {
  const text = JSON.stringify(spec, (key, value: unknown) => {
    if (key === 'Image') return exact(String(value));
    return key === 'CredentialSpec' && isNamed(value) ? { ...value, Config: `id-of-${value.Config}` } : value;
  });
  return JSON.parse(text);
}

function isNamed(value: unknown): value is { readonly Config: string } {
  return typeof value === 'object' && value !== null && 'Config' in value && value.Config !== '';
}

describe.runIf(hasOracle)('secrets and configs of a stack', () => {
  it('reach the swarm byte for byte, from wherever the file has them', async () => {
    const { Data, Labels } = await secretOf('sub/../a b.txt', 'a\0b\n');
    expect(Buffer.from(String(Data), 'base64').toString()).toBe('a\0b\n');
    expect(Labels).toEqual({ mine: '$x', 'com.docker.stack.namespace': 's' });
  });

  async function secretOf(path: string, content: string) {
    const text = `services: { a: { image: x, secrets: [k] } }
secrets: { k: { file: "${path}", labels: { mine: "$$x" } } }
`;
    await deployed({ files: { 'stack.yml': text, 'a b.txt': content }, references: [['secret', path]] });
    return engine.bodies('/secrets/create')[0]!;
  }

  it('may be absolute paths of this computer', async () => {
    const first = stackOn({ files: { 'stack.yml': 'services: { a: { image: x } }\n', 'k.txt': 'content' } });
    const path = `${first.folder}/k.txt`;
    const text = `services: { a: { image: x, configs: [k] } }\nconfigs: { k: { file: ${path} } }\n`;
    const { stack } = stackOn({ files: { 'stack.yml': text } });
    const reference = { kind: 'config', written: path, path, data: new Secret(btoa('other than here')) } as const;
    const bin = dockerWith(engine.socket);
    const objects = { secrets: new Map<string, string>(), configs: new Map<string, string>() };
    await deployStack(
      localManager(bin).host,
      { ...stack, references: [reference] },
      { additions: [], objects, resolveImage: 'never' },
      never,
    );
    expect(engine.bodies('/configs/create')).toMatchObject([{ Name: 's_k', Data: btoa('other than here') }]);
  });
});
