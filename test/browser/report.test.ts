/// <reference lib="dom" />
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SwarmupError } from '../../lib/util/errors.ts';
import { readRun, runsFolder, type RecordedRun } from '../../lib/record/store.ts';
import { Timeline } from '../../lib/record/timeline.ts';
import { htmlReport } from '../../lib/render/html/report.ts';
import { junit } from '../../lib/render/junit.ts';
import { launchBrowser } from '../support/browser.ts';
import { clusterOf, fullText } from '../support/cluster.ts';
import { runUp } from '../support/rig.ts';
import { worldWithRegistry } from '../support/worlds.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-report-'));
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A run in a simulated world, recorded and read back. */
async function recorded(nodes: [number, number], broken = ''): Promise<RecordedRun> {
  const world = worldWithRegistry();
  const cluster = await clusterOf(fullText(...nodes));
  world.fault = (what) => {
    if (what === broken)
      throw new SwarmupError('MACHINE_FAILED', `the disk of <b>${broken}</b> & more`, {
        fix: 'Make "room".',
        output: 'line 1\n<script>alert(1)</script>',
      });
  };
  await runUp(cluster, world);
  return readRun(runsFolder(cluster.stateDir));
}

async function open(
  run: RecordedRun,
  viewport = { width: 1280, height: 900 },
  colorScheme: 'light' | 'dark' = 'light',
) {
  const file = join(folder, `${Math.random()}.html`);
  writeFileSync(file, htmlReport(run));
  const page = await browser.newPage({ viewport, colorScheme });
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, requests, file };
}

const colourOf = (page: Page, selector: string, property: string) =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

describe('the HTML report', () => {
  it('shows the summary, every unit on the timeline, the critical path, the topology and the versions', async () => {
    const run = await recorded([3, 2]);
    const { page } = await open(run);
    expect(await page.title()).toBe('test: swarmup up');
    expect(await page.locator('h1 .pill').textContent()).toBe('ok');
    const started = run.stages[0]!.units.filter((unit) => unit.start !== undefined);
    expect(await page.locator('.gantt .row:not(.axis)').count()).toBe(started.length);
    const path = await page.locator('.gantt .row.path .label').allInnerTexts();
    expect(path.at(-1)).toMatch(/^verify-http/);
    expect(path[0]).toMatch(/^prepare-provider/);
    expect(await page.locator('.node.manager b').allInnerTexts()).toEqual(['manager1', 'manager2', 'manager3']);
    expect(await page.locator('.node.worker b').allInnerTexts()).toEqual(['worker1', 'worker2']);
    const chips = await page.locator('.node .chip').allInnerTexts();
    expect(chips.filter((text) => text === 'web')).toHaveLength(3);
    expect(chips.filter((text) => text === 'portainer_agent')).toHaveLength(5);
    expect(await page.locator('#versions').innerText()).toMatch(/swarmup\s+\d+\.\d+\.\d+[^]*Docker on manager1/);
    await page.close();
  });

  it('draws each bar at the time its unit ran, and as long', async () => {
    const run = await recorded([1, 1]);
    const timeline = new Timeline();
    const name = (task: string) => ({ task, title: task, target: 'x' });
    const units = [name('first'), name('second')].map((unit) => ({ ...unit, needs: [] }));
    const at = (seconds: number) => 1_700_000_000_000 + seconds * 1000;
    timeline.listener({ at: at(0), type: 'run-started', pipeline: 'up', cluster: 'c', mode: 'apply', units });
    for (const [task, start, end] of [
      ['first', 0, 60],
      ['second', 45, 90],
    ] as const) {
      const result = { ...name(task), outcome: 'changed' as const, ms: 0, changes: [] };
      timeline.listener({ at: at(start), type: 'unit-started', unit: name(task) });
      timeline.listener({ at: at(end), type: 'unit-finished', unit: name(task), result });
    }
    const { page } = await open({ ...run, stages: timeline.stages });
    const track = (await page.locator('.row:not(.axis) .track').first().boundingBox())!;
    const bars = await page.locator('.bar').all();
    for (const [i, [left, width]] of [
      [0, 60 / 90],
      [45 / 90, 45 / 90],
    ].entries()) {
      const bar = (await bars[i]!.boundingBox())!;
      expect((bar.x - track.x) / track.width).toBeCloseTo(left!, 2);
      expect(bar.width / track.width).toBeCloseTo(width!, 2);
    }
    expect(await page.locator('.row .time').allInnerTexts()).toEqual(['', '1 min 00 s', '45.0 s']);
    expect(await page.locator('.tick').allInnerTexts()).toEqual(['0', '20 s', '40 s', '1 min', '1 min 20 s']);
    await page.close();
  });

  it('shows a failure as text with its output and fix, and the units skipped because of it', async () => {
    const { page } = await open(await recorded([1, 2], 'create worker2'));
    expect(await page.locator('h1 .pill').textContent()).toBe('failed');
    expect(await page.locator('.problem').innerText()).toContain(
      'provision on worker2 MACHINE_FAILED\n\nthe disk of <b>create worker2</b> & more',
    );
    expect(await page.locator('.problem pre').innerText()).toBe('line 1\n<script>alert(1)</script>');
    expect(await page.locator('.problem').innerText()).toContain('Make "room".');
    expect(await page.locator('script').count()).toBe(0);
    // The list is collapsed when it is long.
    expect(await page.locator('.notes li', { hasText: 'install-docker on worker2' }).textContent()).toContain(
      'needs provision@worker2, which failed',
    );
    await page.close();
  });

  it('loads nothing from elsewhere', async () => {
    const { page, requests, file } = await open(await recorded([1, 1]));
    expect(requests).toEqual([pathToFileURL(file).href]);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/<(script|link|img|iframe)|@import|url\(/);
    expect(statSync(file).size).toBeLessThan(200_000);
    await page.close();
  });

  it.each([
    ['phone', { width: 360, height: 740 }],
    ['desk', { width: 1600, height: 1000 }],
  ])('fits the width of a %s', async (_name, viewport) => {
    const { page } = await open(await recorded([3, 2], 'create worker2'), viewport);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(viewport.width);
    const track = (await page.locator('.row:not(.axis) .track').first().boundingBox())!;
    expect(track.width).toBeGreaterThan(viewport.width * 0.45);
    await page.close();
  });

  it('follows the reader’s dark mode, with enough contrast in both modes', async () => {
    const run = await recorded([1, 1], 'create worker1');
    const grounds: string[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(run, undefined, scheme);
      grounds.push(await colourOf(page, 'body', 'background-color'));
      for (const [selector, ground] of [
        ['section', 'section'],
        ['.dim', 'body'],
        ['.pill', '.pill'],
        ['.row .time', 'section'],
      ] as const)
        expect(
          contrast(await colourOf(page, selector, 'color'), await colourOf(page, ground, 'background-color')),
          `${selector} (${scheme})`,
        ).toBeGreaterThan(4.5);
      await page.close();
    }
    expect(grounds[0]).not.toBe(grounds[1]);
  });
});

/** The contrast of two colours `rgb(r, g, b)`. Source: WCAG 2.1, relative luminance. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((value) => {
      const share = Number(value) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

describe('the JUnit report', () => {
  /** The document as the browser's XML parser reads it. */
  async function parse(xml: string) {
    const page = await browser.newPage();
    const document = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'application/xml');
      const cases = [...parsed.querySelectorAll('testcase')].map((one) => ({
        classname: one.getAttribute('classname'),
        name: one.getAttribute('name'),
        time: Number(one.getAttribute('time')),
        failure: one.querySelector('failure')?.textContent ?? null,
        message: one.querySelector('failure')?.getAttribute('message') ?? null,
        skipped: one.querySelector('skipped')?.getAttribute('message') ?? null,
      }));
      const suite = parsed.querySelector('testsuite');
      const number = (name: string) => Number(suite?.getAttribute(name));
      return {
        error: parsed.querySelector('parsererror')?.textContent ?? null,
        cases,
        tests: number('tests'),
        failures: number('failures'),
        skipped: number('skipped'),
      };
    }, xml);
    await page.close();
    expect(document.error).toBeNull();
    return document;
  }

  it('has a case for each task and node, and for each HTTP check', async () => {
    const run = await recorded([1, 2]);
    const { cases, tests, failures } = await parse(junit(run.stages));
    expect(tests).toBe(run.stages[0]!.units.length);
    expect(failures).toBe(0);
    expect(cases.map((one) => `${one.classname} ${one.name}`)).toEqual(
      expect.arrayContaining([
        'test.up.install-docker worker2',
        'test.up.verify-http worker1:80',
        'test.up.verify-http worker1:9000',
      ]),
    );
  });

  it('has failures with message, output and fix, and the units not run as skipped', async () => {
    const run = await recorded([1, 2], 'create worker2');
    const { cases, failures, skipped } = await parse(junit(run.stages));
    expect(failures).toBe(1);
    const failed = cases.find((one) => one.failure !== null);
    expect(failed).toMatchObject({
      classname: 'test.up.provision',
      name: 'worker2',
      message: 'the disk of <b>create worker2</b> & more',
    });
    expect(failed?.failure).toBe(
      'the disk of <b>create worker2</b> & more\nline 1\n<script>alert(1)</script>\nfix: Make "room".',
    );
    expect(skipped).toBe(cases.filter((one) => one.skipped !== null).length);
    expect(cases.find((one) => one.classname === 'test.up.install-docker' && one.name === 'worker2')?.skipped).toBe(
      'needs provision@worker2, which failed',
    );
  });

  it('escapes everything that terminals print', async () => {
    const [stage] = (await recorded([1, 0], 'create manager1')).stages;
    const unit = { ...stage!.units[0]!, error: { code: 'X', message: '\u001B[31mred\u0000\uFFFF', fix: '\u{1F600}' } };
    const { cases } = await parse(junit([{ ...stage!, units: [unit] }]));
    expect(cases[0]?.failure).toBe('\uFFFD[31mred\uFFFD\uFFFD\nfix: \u{1F600}');
  });
});
