import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { created } from '../../lib/contracts/change.ts';
import type { Event, RunResult, UnitResult } from '../../lib/contracts/events.ts';
import { clusterText } from '../../lib/import/cluster-text.ts';
import { Timeline } from '../../lib/record/timeline.ts';
import { doctorText } from '../../lib/render/doctor.ts';
import { errorText, failures, reportError } from '../../lib/render/error.ts';
import { githubListener } from '../../lib/render/github.ts';
import { harmless, jsonText } from '../../lib/render/guard.ts';
import { htmlReport } from '../../lib/render/html/report.ts';
import { junit } from '../../lib/render/junit.ts';
import { LiveView } from '../../lib/render/live.ts';
import { openPrefixed, print, printJson } from '../../lib/render/output.ts';
import { plainListener } from '../../lib/render/plain.ts';
import { planText } from '../../lib/render/plan.ts';
import { table } from '../../lib/render/table.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { visibleLines } from '../../lib/util/visible.ts';
import type { Survey } from '../../lib/contracts/preflight.ts';
import { strict } from '../fakes/strict.ts';
import { captured } from '../support/captured.ts';
import { anyText, tried } from '../support/properties.ts';

const ESC = '\u001B';
/** What a host may print to act on the terminal or on CI, instead of being read. */
const ATTACKS: readonly (readonly [string, string])[] = [
  ['the clipboard', `${ESC}]52;c;ZWNobyBwd25lZAo=\u0007`],
  ['the title', `${ESC}]0;pwned\u0007`],
  ['the screen', `${ESC}[2J${ESC}[H`],
  ['the screen, with C1', '\u009B2J'],
  ['the clipboard, with C1', '\u009D52;c;eA==\u009C'],
  ['the line, by going back', 'bad\rgood'],
  ['the line, by backspaces', 'bad\b\b\bgood'],
  ['the colour of what follows', `${ESC}[8mhidden`],
  ['the order of what follows', 'user\u202Etxt.exe'],
  ['the order, by isolates', '\u2067\u2066x\u2069'],
  ['characters that nobody sees', 'a\u{E0041}\u{E0042}\u200Bb'],
  ['lines, by separators', 'x\u2028y\u2029z\u0085w'],
];
// oxlint-disable-next-line no-control-regex -- what the tests look for
const ACTIVE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** The sequences of the program's own colours. */
// oxlint-disable-next-line no-control-regex -- the sequence begins with one
const withoutColours = (text: string) => text.replace(/\u001B\[(?:[0-3]|22|3[1-6]|39)m/g, '');

const name = { task: 'install-docker', title: 'Docker running', target: 'worker1' };
const errorOf = (text: string) => new SwarmupError('COMMAND_FAILED', text, { fix: text, output: text });
const unitOf = (text: string): UnitResult => ({
  ...name,
  outcome: 'failed',
  ms: 1,
  changes: [created(['services', text], { image: text })],
  reason: text,
  error: errorOf(text),
});
const resultOf = (text: string): RunResult => ({
  ok: false,
  cluster: 'test',
  changed: 0,
  durationMs: 1,
  units: [unitOf(text)],
  warnings: [text],
  interrupted: false,
  partial: false,
});
const eventsOf = (text: string): Event[] => [
  { at: 0, type: 'run-started', pipeline: 'up', cluster: 'test', mode: 'apply', units: [{ ...name, needs: [] }] },
  { at: 0, type: 'unit-started', unit: name },
  { at: 0, type: 'unit-detail', unit: name, detail: text },
  { at: 0, type: 'unit-retrying', unit: name, error: errorOf(text), attempt: 2, of: 4, delayMs: 1 },
  { at: 0, type: 'warning', warning: { key: 'x', message: text } },
  { at: 0, type: 'unit-finished', unit: name, result: unitOf(text) },
  { at: 0, type: 'run-finished', result: resultOf(text) },
];

async function written(write: (stream: PassThrough) => void): Promise<string> {
  const stream = new PassThrough();
  write(stream);
  stream.end();
  return (await stream.toArray()).join('');
}
const lines = (text: string) => written((stream) => eventsOf(text).forEach(plainListener(stream)));
const onGithub = (text: string) => written((stream) => eventsOf(text).forEach(githubListener(stream)));

async function live(text: string): Promise<string> {
  const stream = Object.assign(new PassThrough(), { columns: 200, rows: 50, isTTY: true });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the view reads only the size
  const view = new LiveView(stream as unknown as NodeJS.WriteStream);
  const drawn = await captured(async () => {
    for (const event of eventsOf(text)) view.listener(event);
    await view.close();
  });
  expect(drawn).toContain(name.title);
  // What the list itself needs: hiding the cursor, going up, clearing lines.
  // oxlint-disable-next-line no-control-regex -- the sequences begin with one
  return drawn.replace(/\u001B\[(?:\?25[hl]|\?7[hl]|\?2026[hl]|\d*[AGKJ])/g, '');
}

function recorded(text: string) {
  const timeline = new Timeline();
  for (const event of eventsOf(text)) timeline.listener(event);
  const meta = { command: text, cluster: 'test', file: text, provider: 'qemu', startedAt: '2026-01-01', versions: {} };
  return { id: 'x', folder: '/x', meta, stages: timeline.stages, status: undefined };
}

/** The error of a service, with a text of its containers and engines in every place. */
function failedService(text: string): SwarmupError {
  const past = { at: text, state: text, error: text, exitCode: 1 };
  const task = {
    name: text,
    node: text,
    nodeState: text,
    exit: text,
    alike: 0,
    history: [past, past],
    health: [{ at: text, exitCode: 1, output: text }],
    log: text,
  };
  const postMortem = {
    service: text,
    cause: text,
    tasks: [
      { ...past, ...task },
      { ...past, ...task },
    ],
    refusals: [{ node: text, reasons: [text] }],
    unknown: [text],
    next: [text],
  };
  return new SwarmupError('SERVICE_FAILED', 'service web failed', { fix: text, postMortem });
}

/** A recorded run in which a service failed. */
function recordedFailure(text: string) {
  const run = recorded(text);
  for (const { units } of run.stages) for (const unit of units) unit.error = failedService(text);
  return run;
}

function serviceOnGithub(text: string): Promise<string> {
  const units = [{ ...unitOf(''), error: failedService(text) }];
  return written((to) => githubListener(to)({ at: 0, type: 'run-finished', result: { ...resultOf(''), units } }));
}

/** Every kind of output, with a text from outside in it. */
const OUTPUTS: readonly (readonly [string, (text: string) => Promise<string>])[] = [
  ['plain lines', lines],
  ['the log on GitHub', onGithub],
  ['the live view', live],
  ['an error', async (evil: string) => errorText(errorOf(evil), evil)],
  ['a failed service', async (evil: string) => errorText(failedService(evil))],
  ['a failed service on GitHub', serviceOnGithub],
  ['a failed service in an HTML report', async (evil: string) => htmlReport(recordedFailure(evil))],
  ['a failed service in a JUnit report', async (evil: string) => junit(recordedFailure(evil).stages)],
  ['the failures of a run', async (evil: string) => failures([unitOf(evil)])],
  ['a plan', async (evil: string) => planText(resultOf(evil))],
  ['a table', async (evil: string) => table(['A'], [[evil]])],
  ['the line of a program', (evil: string) => captured(() => openPrefixed(evil)(evil))],
  ['any text that is printed', (evil: string) => captured(() => print(evil))],
  ['a JSON document', (evil: string) => captured(() => printJson({ evil }))],
  ['the error of a JSON document', (evil: string) => written((to) => void reportError(errorOf(evil), to, to))],
  ['an HTML report', async (evil: string) => htmlReport(recorded(evil))],
  ['a JUnit report', async (evil: string) => junit(recorded(evil).stages)],
  [
    'an imported cluster file',
    async (evil: string) => clusterText({ name: 'x', provider: {}, nodes: [], notes: [evil] }),
  ],
];

afterEach(() => vi.unstubAllEnvs());

describe('what a host prints acts on nothing', () => {
  describe.each(ATTACKS)('%s', (_, text) => {
    it.each(OUTPUTS)('in %s', async (_output, print_) => {
      const found = ACTIVE.exec(withoutColours(await print_(text)));
      expect(found && JSON.stringify(found[0])).toBeNull();
    });
  });

  it('in the report of doctor', () => {
    const finding = { node: 'n', severity: 'fatal', check: 'os', message: `${ESC}[2J`, fix: `x\n${ESC}[2J` } as const;
    const report = { ok: false, cluster: 'c', hosts: 1, findings: [finding] };
    const survey = strict<Survey>('survey', { hosts: [], links: [] });
    const text = doctorText(report, survey);
    expect(withoutColours(text)).not.toMatch(ACTIVE);
  });
});

describe('a text with a line break', () => {
  const FORGED = 'slow\n00:00:00 worker2  install-docker: changed in 1 ms\n✔ test matches its cluster file';

  it('is no second line of the log', async () => {
    const own = (await lines(FORGED)).trimEnd().split('\n');
    expect(own.filter((line) => /^(00:00:00 worker2|✔)/.test(line))).toEqual([]);
    expect(own.filter((line) => line.startsWith('           '))).not.toEqual([]);
  });

  it('is no line of its own in an error, a plan and a table', () => {
    for (const text of [errorText(errorOf(FORGED)), planText(resultOf(FORGED)), table(['A'], [[FORGED]])])
      expect(text).not.toMatch(/^(00:00|✔)/m);
  });

  it('is a comment as a whole in an imported cluster file', () => {
    const text = clusterText({ name: 'x', provider: {}, nodes: [], notes: ['gone\ntaskfile: ./evil.ts'] });
    expect(text).not.toMatch(/^taskfile/m);
  });
});

/** The lines that are no commands of swarmup to GitHub. */
const ours = (text: string) => text.split('\n').filter((line) => !/^::(group|endgroup|error|warning)\b/.test(line));
const isCommand = (line: string) => /^\s*::/.test(line) || /##\w*\[/.test(line);

describe('on CI, what a host prints is no command', () => {
  const COMMANDS = [
    '::set-output name=x::y',
    '  ::add-path::/evil',
    '##[set-env name=A]b',
    'text ##[error]x',
    '##vso[x]',
  ];

  it.each(COMMANDS)('%j in the view for GitHub', async (text) => {
    for (const evil of [text, `x\n${text}`]) {
      const shown = await onGithub(evil);
      expect(ours(shown).filter(isCommand)).toEqual([]);
      expect(shown).not.toContain('##');
      expect(shown.match(/^::error /gm)).toHaveLength(1);
    }
  });

  it.each(COMMANDS)('%j in what is printed besides the view', async (text) => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    const shown = [
      await captured(() => print(`a\n${text}\n`)),
      await captured(() => openPrefixed('')(text)),
      await captured(() => printJson({ text })),
      await written((to) => void reportError(errorOf(`x\n${text}`), to, to)),
    ].join('\n');
    expect(shown.split('\n').filter(isCommand)).toEqual([]);
  });

  it('a JSON document keeps its meaning', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    const value = { text: [...COMMANDS, ...ATTACKS.map(([, text]) => text)].join('\n') };
    expect(JSON.parse(await captured(() => printJson(value)))).toEqual(value);
  });
});

describe("a user's own program", () => {
  it('keeps its colours, which end with the line', () => {
    expect(harmless(`${ESC}[1;31mred${ESC}[0m ${ESC}[38;5;8mgrey${ESC}[m`, true)).toBe(
      `${ESC}[1;31mred${ESC}[0m ${ESC}[38;5;8mgrey${ESC}[m`,
    );
    expect(harmless(`${ESC}[8mhidden${ESC}[1;05mblink`, true)).toBe('hiddenblink');
    expect(harmless(`${ESC}[31mred`, false)).toBe('\\u001b[31mred');
  });
});

describe('a report for browsers', () => {
  it('forbids everything but its own styles', () => {
    expect(htmlReport(recorded('x'))).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="[^"]*default-src[^"]*none/,
    );
  });
});

describe('any text', () => {
  it('has no active character once it is printed, and is unchanged without one', () => {
    fc.assert(
      fc.property(anyText(40), (text) => {
        const shown = harmless(text, false);
        expect(shown.replace(/[\t\u200C\u200D]/g, '')).not.toMatch(ACTIVE);
        if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) expect(shown).toBe(text);
        expect(harmless(shown, false)).toBe(shown);
      }),
      tried(300),
    );
  });

  it.each(OUTPUTS)('acts on nothing in %s', async (_output, print_) => {
    await fc.assert(
      fc.asyncProperty(anyText(20), async (text) => {
        const shown = withoutColours(await print_(text)).replace(/[\t\u200C\u200D]/g, '');
        expect(ACTIVE.exec(shown)?.[0]).toBeUndefined();
      }),
      tried(20),
    );
  });

  it('is no command on CI', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    await fc.assert(
      fc.asyncProperty(anyText(20), async (text) => {
        const shown = [
          await captured(() => print(text)),
          await captured(() => openPrefixed('')(text)),
          jsonText({ text }),
        ];
        expect(shown.join('\n').split('\n').filter(isCommand)).toEqual([]);
        expect(ours(await onGithub(text)).filter(isCommand)).toEqual([]);
      }),
      tried(100),
    );
  });

  it('is the same in a JSON document', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(20), fc.jsonValue()), (value) => {
        const text = jsonText({ value });
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify({ value })));
        expect(text.replace(/[\u200C\u200D]/g, '')).not.toMatch(ACTIVE);
      }),
      tried(200),
    );
  });

  it('is read back from a JUnit report as it is shown', () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      trimValues: false,
      parseTagValue: false,
      htmlEntities: true,
    });
    fc.assert(
      fc.property(anyText(40), (text) => {
        const report = parser.parse(junit(recorded(text).stages));
        // What XML has no place for is replaced.
        const possible = text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
        expect(report.testsuites.testsuite.testcase.failure).toMatchObject({
          '@_message': visibleLines(possible),
          '#text': visibleLines(`${possible}\n${possible}\nfix: ${possible}`),
        });
      }),
      tried(300),
    );
  });
});
