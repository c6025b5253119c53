import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../lib/facts/fact.ts';
import { registries } from '../../lib/facts/registries.ts';
import { resources } from '../../lib/facts/resources.ts';
import { parseOwner } from '../../lib/lock/owner.ts';
import { parseReadable } from '../../lib/providers/virtualbox/manage.ts';
import { keyOnConsole } from '../../lib/providers/aws/host-key.ts';
import { parseSettings } from '../../lib/remote/client-settings.ts';
import { expandPath } from '../../lib/remote/client-tokens.ts';
import { formatJumps, jumpsOf } from '../../lib/remote/jumps.ts';
import { inAnyShell } from '../../lib/remote/preamble.ts';
import { maskSecrets } from '../../lib/util/secret-shapes.ts';
import { quote } from '../../lib/util/shell-quote.ts';
import { visibleLine } from '../../lib/util/visible.ts';
import { inputs, seeded } from '../support/seeded.ts';

const FACTS = new URL('../../lib/facts/', import.meta.url);

/** Every fact in lib/facts, so that a new one is among them. */
async function allFacts(): Promise<readonly (readonly [string, Fact<unknown>])[]> {
  const modules = await Promise.all(
    readdirSync(FACTS).map(async (name): Promise<unknown> => import(new URL(name, FACTS).href)),
  );
  const constant = modules.flatMap((module) =>
    Object.entries(Object(module)).flatMap(([name, one]) => (isFact(one) ? [[name, one] as const] : [])),
  );
  return [...constant, ['registries', registries(['https://r.test'])], ['resources', resources(undefined)]];
}

function isFact(value: unknown): value is Fact<unknown> {
  return typeof value === 'object' && value !== null && 'command' in value && 'parse' in value;
}

/** Pieces of what real hosts answer, to be put together in the wrong way. */
const PIECES = [
  ['tcp ', 'udp ', 'LISTEN ', 'UNCONN ', '0 ', '*:80 ', '127.0.0.1%lo:53 ', 'users:(("a",pid=1))', 'uid:7 '],
  ['{', '}', '[', ']', '"', ':', ',', 'null', '{"keys":[1]}', '"Swarm"', '1e999', '-1', '\\'],
  ['ID=', 'ID_LIKE="', 'VERSION_ID=', '10.0.0.0/8 ', 'via ', 'dev eth0', '2: eth0 inet ', 'nameserver ', 'default '],
  [
    'yes https://x',
    'no ',
    'unit 0 active',
    'data-root /',
    'MemTotal: 9 kB',
    '99999999999999999999',
    '/sys/class/net/a/mtu:',
  ],
  ['\n', '\n\n', '\r\n', '\t', ' ', '\0', '\u001B[2J', '\u202E', '\uD800', '=', '%', '../', '$(id)'],
].flat();

describe('a parser of what a remote machine says', () => {
  it('never throws, whatever a host answers to a question', async () => {
    const facts = await allFacts();
    expect(facts.length).toBeGreaterThan(18);
    const random = seeded(11);
    for (let i = 0; i < inputs(400); i++) {
      const text = random.text(40, PIECES);
      for (const [name, fact] of facts)
        expect(() => fact.parse(text), `${name}: ${JSON.stringify(text)}`).not.toThrow();
    }
  });

  it('never throws, whatever a lock, a console or a tool prints', () => {
    const random = seeded(12);
    const names = { host: 'h', port: 22, user: 'u', original: 'h' };
    for (let i = 0; i < inputs(400); i++) {
      const text = random.one([random.text(30), random.text(30, PIECES)]);
      for (const parse of [parseOwner, parseReadable, keyOnConsole, parseSettings])
        expect(() => parse(text), JSON.stringify(text)).not.toThrow();
      expect(() => expandPath(text, names, {}), JSON.stringify(text)).not.toThrow();
    }
  });

  it('takes time in proportion to the text: no pattern goes through it again and again', async () => {
    const facts = await allFacts();
    for (const piece of [' ', 'a', '=', '\n', '0.', '"', ':', 'tcp LISTEN 0 0 ', '[']) {
      const long = piece.repeat(200_000);
      for (const [, fact] of facts) fact.parse(long);
      for (const read of [parseOwner, parseReadable, keyOnConsole, parseSettings, visibleLine]) read(long);
    }
  }, 60_000);
});

describe('a list of bastions', () => {
  it('means the same after it was read and written', () => {
    const random = seeded(13);
    const name = (longest: number) => `a${random.text(longest, ['b', 'C', '-', '.', '7', '_'])}`;
    const one = () => {
      const host = random.one(['::1', '2001:db8::7', name(9)]);
      const user = random.one([undefined, name(5), `${name(3)}@corp`]);
      return { host, user, port: random.one([undefined, 1 + random.below(65_535)]) };
    };
    for (let i = 0; i < inputs(300); i++) {
      const jumps = Array.from({ length: 1 + random.below(3) }, one);
      expect(jumpsOf(formatJumps(jumps))).toEqual(jumps);
    }
  });

  it('is read, or refused by name', () => {
    const random = seeded(14);
    for (let i = 0; i < inputs(300); i++) {
      const text = random.text(10);
      try {
        for (const { host } of jumpsOf(text)) expect(host).not.toMatch(/[:/@]$/);
      } catch (error) {
        expect(error).toMatchObject({ code: 'USAGE' });
      }
    }
  });
});

describe('a command for any login shell', () => {
  const shells = ['sh', 'bash', 'dash', 'busybox', 'ksh', 'zsh', 'tcsh', 'fish'].flatMap(
    (name) => [`/bin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path)) ?? [],
  );

  it.each(shells)('reaches the program unchanged through %s, whatever its words', (shell) => {
    const random = seeded(15);
    const isFish = shell.endsWith('fish');
    for (let i = 0; i < inputs(10); i++) {
      const words = Array.from({ length: 20 }, () => random.text(12).toWellFormed().replaceAll('\0', ''));
      const args = shell.endsWith('busybox') ? ['sh', '-c'] : isFish ? ['--no-config', '-c'] : ['-c'];
      const command = inAnyShell(quote(['printf', '%s\\0', ...words]), 'mark');
      const shown = execFileSync(shell, [...args, command], { encoding: 'utf8' });
      expect(shown).toBe(`mark\n${words.map((word) => `${word}\0`).join('')}`);
    }
  });
});

describe('a text from outside', () => {
  it('is masked the same when it is masked again', () => {
    const random = seeded(17);
    for (let i = 0; i < inputs(500); i++) {
      const around = random.one(['password=', 'http://u:', 'Authorization: Bearer ', '{"auth":"', '--token ']);
      const masked = maskSecrets(`${around}${random.text(40)}@h"}`);
      expect(maskSecrets(masked)).toBe(masked);
    }
  });
});
