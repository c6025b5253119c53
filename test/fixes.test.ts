import { Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { pipelines } from '../Taskfile.ts';
import { buildProgram, COMMANDS } from '../lib/cli/program.ts';
import { shellWords } from '../lib/util/shell-words.ts';
import { commandsIn, fixesOf, textsOf } from './support/fix-texts.ts';
import { sourcesIn } from './support/literals.ts';

const sources = [...sourcesIn('lib'), ...sourcesIn('tasks')];
const names = [...new Set([...COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''), 'help'])];

/** Every text that has a command of swarmup, wherever it is: fixes, warnings, explanations, help. */
const commands = sources.flatMap(({ name, text }) =>
  textsOf(text)
    .flatMap((one) => commandsIn(one.text, names))
    // What a run was started with is no advice.
    .filter((command) => command !== 'worker1')
    .map((command) => [command, name] as const),
);
/** Whole fixes, and not the words of a command in them. */
const fixes = sources.flatMap(({ name, text }) =>
  fixesOf(text)
    .filter((fix) => /^[^a-z-].* /s.test(fix) || /\bswarmup\b/.test(fix))
    .map((fix) => [fix, name] as const),
);

/** Parses a command with the real parser. @returns the error in its words */
function refusal(line: string): string | undefined {
  const words = shellWords(line.replaceAll('…', 'x').replace(/ [>|] .*$/, ''));
  if (!words) return 'a quote is not closed';
  let said = '';
  const program = buildProgram(
    () => undefined,
    '',
    COMMANDS.map((command) => ({ ...command, run: async () => 0 })),
  );
  for (const one of [program, ...program.commands, ...program.commands.flatMap((parent) => parent.commands)])
    one.exitOverride().configureOutput({ writeErr: (text) => void (said += text), writeOut: () => undefined });
  try {
    program.parse(words, { from: 'user' });
    return undefined;
  } catch (error) {
    return words[0] === 'help' ? undefined : said || String(error);
  }
}

describe('the search for commands', () => {
  it.each<[string, string[]]>([
    ["Run 'swarmup up --prune', then go.", ['up --prune']],
    ['Read it: swarmup ssh w -- sudo journalctl -u docker; then run again.', ['ssh w -- sudo journalctl -u docker']],
    ['Look (swarmup status), then swarmup up.', ['status', 'up']],
    ["Run: swarmup ssh w -- 'sudo a; sudo b'", ["ssh w -- 'sudo a_ sudo b'"]],
    ['swarmup never leaves a swarm', []],
    ["'swarmup fly' lists them", ['fly']],
  ])('finds them in %j', (text, expected) => {
    expect(commandsIn(text, names)).toEqual(expected);
  });

  it('knows texts from code', () => {
    const source = "const a = /'/; // it's\nf({ fix: x ? `a ${y('b')} c` : 'd', e: 'f' });";
    expect(textsOf(source).map(({ text }) => text)).toEqual(['b', 'a worker1 c', 'd', 'f']);
    expect(fixesOf(source)).toEqual(['b', 'a worker1 c', 'd']);
    const named = 'const on = (n: string) => `swarmup ssh ${n} --`;\nf({ fix: `Look: ${on(node)} true` });';
    expect(fixesOf(named)).toEqual(['Look: swarmup ssh worker1 -- true']);
  });

  it('finds many', () => {
    expect(commands.length).toBeGreaterThan(150);
    expect(fixes.length).toBeGreaterThan(200);
  });

  it.each([
    ['fly', "unknown command 'fly'"],
    ['up --fast', "unknown option '--fast'"],
    ['doctor and so on', 'too many arguments'],
  ])('notices that `swarmup %s` is refused', (command, words) => {
    expect(refusal(command)).toContain(words);
  });
});

const wrong = (all: readonly (readonly [string, string])[], isWrong: (text: string) => boolean) =>
  all.filter(([text]) => isWrong(text)).map(([text, file]) => `${file}: ${text}`);

describe('a command of swarmup in a text', () => {
  it('exists, with its options and arguments', () => {
    const refused = commands.flatMap(([command, file]) => {
      const said = refusal(command);
      return said === undefined ? [] : [`${file}: swarmup ${command}: ${said.trim()}`];
    });
    expect(refused).toEqual([]);
  });

  it('names tasks and pipelines that exist', () => {
    const tasks = new Set([...Object.values(pipelines).flat(), 'worker1']);
    const ids = commands.flatMap(([command]) =>
      [...command.matchAll(/ --(?:only|from|to) (\S+)/g)].flatMap(([, list = '']) => list.split(',')),
    );
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.filter((id) => !tasks.has(id))).toEqual([]);
    const run = commands.flatMap(([command]) => /^run (\S+)/.exec(command)?.[1] ?? []);
    expect(run.filter((name) => !(name in pipelines) && !tasks.has(name))).toEqual([]);
  });

  it('runs as root on a node what needs root', () => {
    const there = commands.flatMap(([command, file]) => {
      const [, rest] = /^(?:ssh|exec)\b.*? -- (.*)$/s.exec(command) ?? [];
      // All of what a shell of root runs is root's.
      return rest === undefined
        ? []
        : [[rest.replace(/sudo sh -c "?'.*$/, 'sudo sh').replace(/^'|'$/g, ''), file] as const];
    });
    expect(there.length).toBeGreaterThan(20);
    expect(wrong(there, (text) => NEEDS_ROOT.test(text))).toEqual([]);
  });
});

/** A program that only root may use, not behind sudo; `docker` may be open to the login user, but needn't be. */
const PROGRAMS =
  'docker(?! version)|journalctl|systemctl(?! --user| cat| show)|apt-get|apt-mark|dnf|snap (?:remove|install)|modprobe|usermod|hostnamectl|timedatectl|firewall-cmd|ufw|iptables|nft|ethtool|visudo|sysctl -w|ip link set|sshd';
const NEEDS_ROOT = new RegExp(`(?:^|[;&|] *)(?:${PROGRAMS}) `);

describe('a fix', () => {
  /** Commands of docker that change or show a swarm, which a fix gives as they are typed: with sudo on a node. */
  const BARE_DOCKER =
    /(?<!sudo )\bdocker (?:swarm|node|service|network|secret|config|volume|system|info|ps|inspect|logs|kill|rm) /;
  /** Programs of root in a sentence, rather than behind `swarmup ssh`. */
  const BARE_PROGRAM = new RegExp(
    `(?<!sudo |sudo sh -c "?'[^']*|-- |\\w)(?:journalctl|systemctl (?!--user|cat|show)|apt-get (?:install|update)|dnf (?:install|remove)|snap remove|modprobe|usermod -|firewall-cmd --(?!reload))`,
  );

  it('uses sudo where root is needed', () => {
    expect(wrong(fixes, (text) => BARE_DOCKER.test(text) || BARE_PROGRAM.test(text))).toEqual([]);
  });

  it('forces what Docker refuses otherwise: a manager that leaves, a node that is not down', () => {
    expect(wrong(fixes, (text) => /docker (?:swarm leave|node rm)(?! --force)/.test(text))).toEqual([]);
  });

  it('points to no place, as the output of a command is before it, and not on every page', () => {
    expect(wrong(fixes, (text) => /\b(?:below|above)(?=[.,;:]|$| and\b| why\b)/.test(text))).toEqual([]);
  });

  it('names only options that exist', () => {
    const own = new Set(
      COMMANDS.flatMap(({ options }) =>
        Object.values(options).map(({ flags, description }) => new Option(flags, description).long),
      ),
    );
    const unknown = fixes.flatMap(([text, file]) =>
      // Behind the name of another program they are that program's.
      [
        ...text
          .replace(/(?:\b(?:sudo|docker|ssh|systemctl|aws|firewall-cmd|rpm) |-- )[^]*$/, '')
          .matchAll(/(?<![\w-])--[a-z][a-z-]+/g),
      ]
        .filter(([flag]) => !own.has(flag))
        .map(([flag]) => `${file}: ${flag} in: ${text}`),
    );
    expect(unknown).toEqual([]);
  });
});
