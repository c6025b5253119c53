import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
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
import type { ServerName } from '../../lib/remote/server-name.ts';
import { inAnyShell } from '../../lib/remote/preamble.ts';
import { maskSecrets } from '../../lib/util/secret-shapes.ts';
import { quote, quoteThroughSsh } from '../../lib/util/shell-quote.ts';
import { visibleLine } from '../../lib/util/visible.ts';
import { needPackages } from '../support/packages.ts';
import { proxyJumpByOpenSsh } from '../support/proxy-jump.ts';
import { anyText, textOf, tried, word } from '../support/properties.ts';

needPackages('openssh-client');
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
const answer = fc.oneof(
  { weight: 3, arbitrary: textOf(PIECES, 40) },
  { weight: 1, arbitrary: anyText(30) },
  { weight: 1, arbitrary: fc.json() },
);

describe('a parser of what a remote machine says', () => {
  it('never throws, whatever a host answers to a question', async () => {
    const facts = await allFacts();
    expect(facts.length).toBeGreaterThan(18);
    fc.assert(
      fc.property(answer, (text) => {
        for (const [name, fact] of facts) expect(() => fact.parse(text), name).not.toThrow();
      }),
      tried(400),
    );
  });

  it('never throws, whatever a lock, a console or a tool prints', () => {
    const names = { host: 'h', port: 22, user: 'u', original: 'h' };
    fc.assert(
      fc.property(answer, (text) => {
        for (const parse of [parseOwner, parseReadable, keyOnConsole, parseSettings])
          expect(() => parse(text), parse.name).not.toThrow();
        expect(() => expandPath(text, names, {})).not.toThrow();
      }),
      tried(400),
    );
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

describe('a list of bastions', { timeout: 600_000 }, () => {
  const name = (longest: number) => textOf(['b', 'C', '-', '.', '7', '_'], longest).map((text) => `a${text}`);
  const bastion = fc.record({
    host: fc.oneof(name(9), fc.constantFrom('::1', '2001:db8::7')),
    user: fc.oneof(
      fc.constant(undefined),
      name(5),
      name(3).map((text) => `${text}@corp`),
    ),
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
  });

  it('means the same after it was read and written', () => {
    fc.assert(
      fc.property(fc.array(bastion, { minLength: 1, maxLength: 3 }), (jumps) => {
        expect(jumpsOf(formatJumps(jumps))).toEqual(jumps);
      }),
      tried(300),
    );
  });

  it('is read, or refused by name, and what was read is read again', () => {
    const pieces = [
      'a',
      'b.c',
      '::1',
      '[',
      ']',
      '[::1]',
      ':',
      ':22',
      '@',
      '/',
      'ssh://',
      ',',
      '-',
      ' ',
      '%',
      '\n',
      '0',
    ];
    fc.assert(
      fc.property(fc.oneof(textOf(pieces, 6), anyText(10)), (text) => {
        let jumps: readonly ServerName[];
        try {
          jumps = jumpsOf(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(text) });
          return;
        }
        for (const { host } of jumps) expect(host).not.toMatch(/^$|[/@[\]]/);
        expect(jumpsOf(formatJumps(jumps))).toEqual(jumps);
      }),
      tried(300),
    );
  });

  it('names the same servers as to OpenSSH, or is refused', () => {
    const usual = ['a', 'b.c', '[::1]', '[a]', ':', ':22', '@', '/', 'ssh://', 'u', '-', '70000', '0', '##['];
    const odd = [...usual, ...'\\$;&<>|(){}%!~`",\''.split('')];
    const written = fc.oneof({ weight: 3, arbitrary: textOf(usual, 4) }, { weight: 1, arbitrary: textOf(odd, 4) });
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(written.filter(Boolean), (text) => {
        let found: string;
        try {
          found = formatJumps(jumpsOf(text));
        } catch {
          seen.refused++;
          return;
        }
        seen.read++;
        // ssh writes hosts in brackets that need none; a user's are its own.
        expect(found).toBe(proxyJumpByOpenSsh(text)?.replace(/(^|[@,])\[([^:\]]*)\](?=[:,]|$)/g, '$1$2'));
      }),
      tried(100),
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(20);
  });
});

describe('a command for any login shell', { timeout: 600_000 }, () => {
  const shells = ['sh', 'bash', 'dash', 'busybox', 'ksh', 'zsh', 'tcsh', 'fish'].flatMap(
    (name) => [`/bin/${name}`, `/usr/bin/${name}`].find((path) => existsSync(path)) ?? [],
  );

  it.each(shells)('reaches the program unchanged through %s, whatever its words', (shell) => {
    const args = shell.endsWith('busybox') ? ['sh', '-c'] : shell.endsWith('fish') ? ['--no-config', '-c'] : ['-c'];
    fc.assert(
      fc.property(fc.array(word(12), { minLength: 1, maxLength: 20 }), (words) => {
        const command = inAnyShell(quote(['printf', '%s\\0', ...words]), 'mark');
        // A shell that hangs is an error with its words, rather than a test that is out of time.
        const shown = execFileSync(shell, [...args, command], { encoding: 'utf8', timeout: 60_000 });
        expect(shown).toBe(`mark\n${words.map((one) => `${one}\0`).join('')}`);
      }),
      tried(20),
    );
  });
});

describe('a printed command that goes through ssh', () => {
  // ssh joins the arguments that the shell here leaves with spaces, for the shell there.
  it.each(['sh', 'bash'])(
    'reaches the program on the node unchanged, whatever its words, when pasted into %s',
    (shell) => {
      const nasty = fc.constantFrom(
        "it's",
        '$(id)',
        '`id`',
        '"',
        'a b',
        '; id',
        '&& id',
        '!x',
        '\\',
        '',
        '*',
        "'\"'$x",
      );
      fc.assert(
        fc.property(fc.array(fc.oneof(word(12), nasty), { minLength: 1, maxLength: 12 }), (words) => {
          const command = quoteThroughSsh(['printf', '%s\\0', ...words]);
          const pasted = execFileSync(shell, ['-c', `printf '%s\\0' ${command}`], {
            encoding: 'utf8',
            timeout: 60_000,
          });
          const joined = pasted.split('\0').slice(0, -1).join(' ');
          const shown = execFileSync('sh', ['-c', joined], { encoding: 'utf8', timeout: 60_000 });
          expect(shown).toBe(words.map((one) => `${one}\0`).join(''));
        }),
        tried(50),
      );
    },
  );

  it('stays readable', () => {
    expect(quoteThroughSsh(['sudo', 'sh', '-c', 'a && b'])).toBe(`sudo sh -c "'a && b'"`);
    expect(quoteThroughSsh(['docker', 'service', 'rm', 'web'])).toBe('docker service rm web');
  });
});

describe('a text from outside', () => {
  it('is masked the same when it is masked again', () => {
    const before = fc.constantFrom('password=', 'http://u:', 'Authorization: Bearer ', '{"auth":"', '--token ');
    fc.assert(
      fc.property(before, anyText(40), (start, text) => {
        const masked = maskSecrets(`${start}${text}@h"}`);
        expect(maskSecrets(masked)).toBe(masked);
      }),
      tried(500),
    );
  });
});
