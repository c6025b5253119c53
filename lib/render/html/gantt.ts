import { criticalPath, type Stage, type TimedUnit } from '../../record/timeline.ts';
import { duration } from '../format.ts';
import { html, type Markup } from './markup.ts';

/** Rows beyond this number are folded; the critical path is always shown. */
const MOST_ROWS = 150;
/** Possible distances between two ticks, in seconds: round numbers, chosen so that at most seven ticks are shown. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200];
const MOST_TICKS = 7;

/** A stage's units over time, one row each in the order of their start, with the critical path marked. */
export function gantt(stage: Stage): Markup {
  const started = stage.units
    .filter((unit) => unit.start !== undefined)
    .toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0) || (a.end ?? 0) - (b.end ?? 0));
  if (started.length === 0) return html`<p class="dim">Nothing was started.</p>`;
  const last = Math.max(...started.map((unit) => unit.end ?? unit.start ?? 0), stage.end ?? 0);
  const scale: Scale = { start: stage.start, span: Math.max(1, last - stage.start), end: last };
  const path = criticalPath(stage);
  const draw = (unit: TimedUnit) => row(unit, scale, path.has(unit.key));
  const many = started.length > MOST_ROWS;
  const shown = many ? started.filter((unit) => path.has(unit.key) || unit.error) : started;
  const rest = many
    ? html`<details>
        <summary>All ${started.length} steps</summary>
        ${started.map(draw)}
      </details>`
    : undefined;
  return html`<div class="gantt">${axis(scale)}${shown.map(draw)}${rest}</div>
    ${legend()}${pathText(started, path)}`;
}

interface Scale {
  readonly start: number;
  readonly span: number;
  readonly end: number;
}

function row(unit: TimedUnit, { start: zero, span, end: last }: Scale, onPath: boolean): Markup {
  const { task, target, start = zero, end, outcome, title } = unit;
  const left = (((start - zero) / span) * 100).toFixed(2);
  const width = ((((end ?? last) - start) / span) * 100).toFixed(2);
  const kind = outcome ?? 'open';
  const took = end === undefined ? 'cut off' : duration(end - start);
  const tip = `${title}: ${task} on ${target}, ${outcome ?? 'cut off'}, ${took}, began after ${duration(start - zero)}`;
  return html`<div class="row${onPath ? ' path' : ''}" title="${tip}">
    <span class="label">${task} <span class="dim">${target}</span></span
    ><span class="track"><span class="bar ${kind}" style="left:${left}%;width:${width}%"></span></span
    ><span class="time">${took}</span>
  </div> `;
}

function axis({ span }: Scale): Markup {
  const step = 1000 * (STEPS.find((seconds) => span / (seconds * 1000) < MOST_TICKS) ?? 86_400);
  const ticks = Array.from({ length: Math.floor(span / step) + 1 }, (_, i) => {
    const share = ((i * step) / span) * 100;
    return html`<span class="tick${share > 94 ? ' end' : ''}" style="left:${share.toFixed(2)}%"
      >${tickText(i * step)}</span
    >`;
  });
  return html`<div class="row axis">
    <span class="label"></span><span class="track">${ticks}</span><span class="time"></span>
  </div> `;
}

/** 0, 0.5 s, 30 s, 1 min, 1 min 30 s */
function tickText(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  const rest = (ms % 60_000) / 1000;
  return `${Math.floor(ms / 60_000)} min${rest > 0 ? ` ${rest} s` : ''}`;
}

function legend(): Markup {
  const keys = [
    ['changed', 'changed something'],
    ['unchanged', 'nothing to change'],
    ['skipped', 'skipped'],
    ['failed', 'failed'],
  ].map(([name, text]) => html`<span><span class="key" style="background:var(--${name})"></span>${text}</span>`);
  return html`<p class="legend">
    ${keys}<span><b style="color:var(--path)">◆</b> on the critical path: what the whole run waited for</span>
  </p>`;
}

function pathText(units: readonly TimedUnit[], path: ReadonlySet<string>): Markup {
  const steps = units.filter((unit) => path.has(unit.key));
  const text = steps.map(({ task, target, start = 0, end = 0 }) => `${task} on ${target} (${duration(end - start)})`);
  return html`<p class="critical"><b>Critical path</b> <span class="dim">${text.join(' → ')}</span></p>`;
}
