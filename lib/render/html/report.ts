import type { RecordedRun } from '../../record/store.ts';
import { verdictOf, type Stage, type TimedUnit } from '../../record/timeline.ts';
import { duration, tally } from '../format.ts';
import { PAGE, postMortemLines } from '../post-mortem.ts';
import { gantt } from './gantt.ts';
import { html, Markup } from './markup.ts';
import { STYLE } from './style.ts';
import { topology } from './topology.ts';

/** Styles are in the page; nothing else is loaded, run or sent. Source: Content Security Policy Level 3. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A self-contained page about a run: no scripts, and no external fonts or images. */
export function htmlReport(run: RecordedRun): string {
  const { meta, stages, status } = run;
  const title = `${meta.cluster}: swarmup ${meta.command}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="swarmup" />
        <title>${title}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${title} ${pill(stages)}</h1>
            <p class="dim">
              ${meta.startedAt.slice(0, 19).replace('T', ' ')} UTC · ${meta.provider} · <code>${meta.file}</code>
            </p>
          </header>
          ${summary(stages)} ${stages.map((stage, i) => stageSection(stage, stages.length > 1 ? i + 1 : undefined))}
          ${status ? topology(status) : undefined} ${versions(run)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function pill(stages: readonly Stage[]): Markup {
  const verdict = verdictOf(stages);
  return html`<span class="pill ${verdict === 'ok' || verdict === 'failed' ? verdict : 'open'}">${verdict}</span>`;
}

function summary(stages: readonly Stage[]): Markup {
  const units = stages.flatMap((stage) => stage.units);
  const count = (of: (unit: TimedUnit) => boolean) => units.filter(of).length;
  const took = stages.reduce((sum, stage) => sum + ((stage.end ?? stage.start) - stage.start), 0);
  const figures = [
    [duration(took), 'took'],
    [count((unit) => unit.outcome === 'changed'), 'changed something'],
    [count((unit) => unit.outcome === 'unchanged'), 'had nothing to change'],
    [count((unit) => unit.outcome === 'skipped' && !unit.notDone), 'skipped'],
    [count((unit) => unit.error !== undefined), 'failed'],
    [count((unit) => unit.notDone || unit.outcome === undefined), 'not done'],
    [units.reduce((sum, unit) => sum + unit.retries.length, 0), 'retried'],
  ].filter(([value], i) => i < 3 || value !== 0);
  return html`<section id="summary">
    <h2>Summary</h2>
    <ul class="figures">
      ${figures.map(([value, text]) => html`<li><b>${value}</b><span class="dim">${text}</span></li>`)}
    </ul>
    ${stageTable(stages)}
  </section>`;
}

/** An overview of several stages. */
function stageTable(stages: readonly Stage[]): Markup | undefined {
  if (stages.length < 2) return undefined;
  const rows = stages.map((stage, i) => {
    const took = stage.end === undefined ? 'cut off' : duration(stage.end - stage.start);
    return html`<tr>
      <td>${pill([stage])}</td>
      <td><a href="#stage-${i + 1}">${nameOf(stage)}</a></td>
      <td class="figure">${took}</td>
      <td>${tallyOf(stage)}</td>
    </tr>`;
  });
  return html`<div class="table">
    <table>
      ${rows}
    </table>
  </div>`;
}

/** @param number the stage's number, where there are several */
function stageSection(stage: Stage, number: number | undefined): Markup {
  const failed = stage.units.filter((unit) => unit.error);
  const left = stage.units.filter((unit) => unit.notDone);
  const skipped = stage.units.filter((unit) => unit.outcome === 'skipped' && !unit.notDone);
  const retried = stage.units.flatMap((unit) =>
    unit.retries.map(({ message }) => html`<li>${unit.task} on ${unit.target} was retried: ${message}</li>`),
  );
  const warnings = stage.warnings.map((warning) => html`<li>${warning}</li>`);
  const changes = stage.units.flatMap((unit) =>
    unit.changes.map(({ sentence }) => html`<li>${sentence} <span class="dim">${unit.task}</span></li>`),
  );
  const reasons = Map.groupBy(skipped, (unit) => unit.reason ?? '');
  const names = (units: readonly TimedUnit[]) => units.map(({ task, target }) => `${task} on ${target}`).join(', ');
  const body = html`${failed.map(problem)} ${block('Warnings', [...warnings, ...retried])}
  ${block(
    'Not done',
    left.map(({ task, target, reason }) => html`<li>${task} on ${target}: <span class="dim">${reason}</span></li>`),
  )}
  ${block(
    'Skipped',
    [...reasons].map(([reason, units]) => html`<li>${names(units)}: <span class="dim">${reason}</span></li>`),
  )}
  ${block('Changes', changes)} ${gantt(stage)}`;
  if (number === undefined)
    return html`<section id="timeline">
      <h2>Timeline</h2>
      ${body}
    </section>`;
  // Of several stages only those that need attention are unfolded.
  const open = number === 1 || stage.ok !== true ? new Markup(' open') : undefined;
  return html`<section id="stage-${number}">
    <details class="stage" ${open}>
      <summary>${nameOf(stage)} ${pill([stage])}</summary>
      ${body}
    </details>
  </section>`;
}

function problem({ task, target, error }: TimedUnit): Markup {
  const { postMortem, message = '' } = error ?? {};
  const details = postMortem ? postMortemLines(postMortem, { ...PAGE, said: message }).join('\n') : error?.output;
  const output = details ? html`<pre>${details}</pre>` : undefined;
  return html`<div class="problem">
    <b>${task} on ${target}</b> <code class="dim">${error?.code}</code>
    <p>${error?.message}</p>
    ${output}
    <p><b>Fix</b> ${error?.fix}</p>
  </div>`;
}

/** Lists longer than this are folded. */
const MOST_ITEMS = 30;

function block(title: string, items: readonly Markup[]): Markup | undefined {
  if (items.length === 0) return undefined;
  const list = html`<ul class="notes">
    ${items}
  </ul>`;
  if (items.length <= MOST_ITEMS)
    return html`<h3>${title}</h3>
      ${list}`;
  return html`<details>
    <summary>${title}: ${items.length}</summary>
    ${list}
  </details>`;
}

function nameOf({ title, pipeline, mode }: Stage): string {
  return title ?? (mode === 'apply' ? pipeline : `${pipeline} (${mode})`);
}

function tallyOf({ units }: Stage): string {
  return tally(units.flatMap(({ outcome, notDone }) => (outcome === undefined ? [] : [{ outcome, notDone }])));
}

function versions({ meta, status, id }: RecordedRun): Markup {
  const joined = (status?.nodes ?? []).filter((node) => node.engine !== null);
  const engines = Map.groupBy(joined, (node) => node.engine ?? '');
  const rows = [
    ...Object.entries(meta.versions),
    ...[...engines].map(([engine, nodes]) => [`Docker on ${nodes.map((node) => node.name).join(', ')}`, engine]),
    ['run', id],
  ].map(
    ([what, which]) =>
      html`<tr>
        <td class="dim">${what}</td>
        <td>${which}</td>
      </tr>`,
  );
  return html`<section id="versions">
    <h2>Versions</h2>
    <div class="table">
      <table>
        ${rows}
      </table>
    </div>
  </section>`;
}
