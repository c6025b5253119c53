import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Host } from '../../lib/contracts/host.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { Secret } from '../../lib/util/secret.ts';
import { deployStack } from '../../lib/swarm/stack-deploy.ts';
import { stackHash, type Addition } from '../../lib/swarm/stack.ts';
import { strict } from '../fakes/strict.ts';
import { stackOf } from '../support/stacks.ts';

/** Docker's client is the oracle: it reads Compose files without an engine. `stack config` exists since Docker 25. */
const canTell = (() => {
  try {
    execFileSync('docker', ['stack', 'config', '--help'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

const never = new AbortController().signal;
const bin = mkdtempSync(join(tmpdir(), 'swarmup-docker-'));
// Instead of deploying, docker prints what it would deploy: same files, same parser.
writeFileSync(
  join(bin, 'docker'),
  `#!/bin/sh
[ "$1 $2 $3 $4" = 'stack deploy --resolve-image changed' ] || exit 64
shift 4
exec "$(PATH=\${PATH#*:} command -v docker)" stack config "$1" "$2" "$3" "$4"
`,
);
chmodSync(join(bin, 'docker'), 0o755);

interface Config {
  readonly services: Readonly<Record<string, { deploy?: { labels?: Record<string, string>; [key: string]: unknown } }>>;
}

/** A stack as swarmup sends it, as parsed by docker on the manager. */
async function deployed(text: string, additions: readonly Addition[] = [], env = {}): Promise<Config> {
  const local = localCommands(() => undefined, process.env);
  const path = `${bin}:${process.env['PATH'] ?? ''}`;
  let said = '';
  const host = strict<Host>('host', {
    name: 'manager1',
    run: async (argv, { input } = {}) => {
      expect(argv.join(' ')).not.toContain('k$x');
      const output = await local.run(argv, { env: { ...env, PATH: path }, input: (input as Secret).reveal() });
      said = output.stdout;
      return output;
    },
  });
  await deployStack(host, stackOf(text), additions, never);
  return parse(said) as Config;
}

/** Removes what swarmup adds to every service. */
function withoutMark(config: Config, text: string): Config {
  for (const service of Object.values(config.services)) {
    expect(service.deploy?.labels?.['swarmup.stack']).toBe(stackHash(stackOf(text)));
    delete service.deploy?.labels?.['swarmup.stack'];
    if (Object.keys(service.deploy?.labels ?? {}).length === 0) delete service.deploy?.labels;
    if (Object.keys(service.deploy ?? {}).length === 0) delete service.deploy;
  }
  return config;
}

const CASES = new URL('cases/', import.meta.url);
const fileOf = (name: string) => readFileSync(new URL(name, CASES), 'utf8');
const names = (ending: string) =>
  readdirSync(CASES).flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []));

describe.runIf(canTell)('a stack, as docker on a manager reads it', () => {
  it.each(names('.expected.yml').filter((name) => name !== 'port-11' && name !== 'portl-varq'))(
    '%s equals what docker reads from the user’s own file',
    async (name) => {
      const text = fileOf(`${name}.yml`);
      expect(withoutMark(await deployed(text), text)).toEqual(parse(fileOf(`${name}.expected.yml`)));
    },
  );

  it.each(names('.refused.yml'))(
    '%s is refused by docker, and nothing that swarmup adds makes it valid',
    async (name) => {
      await expect(deployed(fileOf(`${name}.refused.yml`))).rejects.toThrow();
    },
  );

  it.each(['port-11', 'portl-varq'])(
    '%s uses the defaults of its variables, whatever is set on the manager',
    async (name) => {
      const text = fileOf(`${name}.yml`);
      const { a } = withoutMark(await deployed(text, [], { P: '9' }), text).services;
      expect(a).toMatchObject({ ports: [{ target: 80, published: name === 'port-11' ? 80 : 8080 }] });
    },
  );

  it('has swarmup’s additions beside the file’s values in any notation, and secrets unchanged', async () => {
    const text = `version: "3.8"
x-env: &env { MINE: '1' }
x-deploy: &deploy { placement: { constraints: [node.role == manager], max_replicas_per_node: 1 }, labels: [a=b] }
services:
  a: { image: x, environment: *env, deploy: { <<: *deploy, replicas: 1 } }
  b: { image: x, environment: [MINE=1] }
  c: { image: x }
`;
    const additions = ['a', 'b'].map((service) => ({ service, node: 'n1', environment: { KEY: new Secret('k$x') } }));
    const { services } = withoutMark(await deployed(text, additions), text);
    const pinned = { 'swarmup.pinned': 'n1' };
    expect(services).toEqual({
      a: {
        image: 'x',
        environment: { MINE: '1', KEY: 'k$x' },
        deploy: {
          replicas: 1,
          labels: { a: 'b', ...pinned },
          placement: { constraints: ['node.role == manager', 'node.id == n1'], max_replicas_per_node: 1 },
        },
      },
      b: {
        image: 'x',
        environment: { MINE: '1', KEY: 'k$x' },
        deploy: { labels: pinned, placement: { constraints: ['node.id == n1'] } },
      },
      c: { image: 'x' },
    });
  });

  it.each(['', 'version: "3"\n', "version: '3.3'\n", 'version: "3.13"\n'])(
    'declares the version that the file declares: %j',
    async (line) => {
      const text = `${line}services: { a: { image: x } }\n`;
      expect((await deployed(text)).services['a']).toHaveProperty('image', 'x');
    },
  );

  it('is the user’s text byte for byte: comments, dollar signs, and a last line without a newline', async () => {
    const text = "# $P\nservices:\n  a: { image: x, command: ['echo', '$$HOME', \"\\t\"] } # the end";
    expect((await deployed(text)).services['a']).toMatchObject({ command: ['echo', '$HOME', '\t'] });
  });
});
