import { Listr, ListrTaskState, type DefaultRenderer, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import pc from 'picocolors';
import { unreachable } from '../util/unreachable.ts';
import { maskSecrets } from '../util/secret-shapes.ts';
import { visibleLine } from '../util/visible.ts';
import type { Listener } from '../contracts/events.ts';
import { groupsOf, type Group, type Running } from './board.ts';
import { bar, duration, elapsed, fit, retryText, tally, unitsText } from './format.ts';

/** How often moving parts are redrawn, in milliseconds. */
const REFRESH_MS = 120;
/** Lines that the list needs besides the running nodes. */
const MARGIN = 6;
const FEWEST_ROWS = 2;

type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

/** The view for terminals, drawn by listr2: one line per task, with its running nodes below it. */
export class LiveView {
  readonly listener: Listener;
  readonly #stream: NodeJS.WriteStream;
  #groups = new Map<string, Group>();
  #drawing: Promise<unknown> = Promise.resolve();
  readonly #warnings: string[] = [];

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.listener = (event) => {
      switch (event.type) {
        case 'run-started':
          this.#groups = groupsOf(event.units);
          if (event.units.length > 0) this.#drawing = this.#draw();
          return;
        case 'unit-started':
          this.#groups.get(event.unit.task)?.begin(event.unit.target, event.at);
          return;
        case 'unit-phase':
          this.#groups.get(event.unit.task)?.detail(event.unit.target, event.phase, undefined);
          return;
        case 'unit-detail':
          this.#groups.get(event.unit.task)?.detail(event.unit.target, event.detail, event.progress);
          return;
        case 'unit-finished':
          this.#groups.get(event.unit.task)?.end(event.result);
          return;
        case 'unit-retrying':
          this.#groups.get(event.unit.task)?.detail(event.unit.target, retryText(event), undefined);
          this.#warnings.push(`${event.unit.task} on ${event.unit.target} was retried: ${event.error.message}`);
          return;
        case 'warning':
          this.#warnings.push(event.warning.message);
          return;
        case 'interrupting':
          this.#warnings.push(
            `interrupted; stopping ${unitsText(event.running) || 'nothing'} (press Ctrl-C again to stop immediately)`,
          );
          return;
        case 'unit-planned':
        case 'stage-started':
        case 'command-finished':
        case 'engine-asked':
        case 'run-finished':
          return;
        default:
          unreachable(event);
      }
    };
  }

  /** Resolves when the last frame is on the screen. @returns the warnings to show below it */
  async close(): Promise<readonly string[]> {
    await this.#drawing;
    return this.#warnings;
  }

  #draw(): Promise<unknown> {
    const groups = [...this.#groups.values()];
    const list = new Listr<unknown>(
      groups.map((group) => ({
        title: pc.dim(group.title),
        task: (_context: unknown, task: Wrapper) => this.#follow(group, task, groups.length),
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: 'default',
        rendererOptions: {
          collapseErrors: false,
          showErrorMessage: false,
          formatOutput: 'truncate',
          removeEmptyLines: true,
        },
        fallbackRenderer: 'simple',
        fallbackRendererCondition: false,
      },
    );
    return list.run();
  }

  /** Follows one task to its end. Until its first unit starts, it is shown as waiting. */
  async #follow(group: Group, task: Wrapper, groups: number): Promise<void> {
    task.task.state$ = ListrTaskState.WAITING;
    await group.started;
    task.task.state$ = ListrTaskState.STARTED;
    const refresh = () => {
      task.title = `${group.title}${group.total > 1 ? pc.dim(`  ${group.results.length}/${group.total}`) : ''}`;
      task.output = this.#rows(group, groups);
    };
    refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    await group.finished;
    clearInterval(timer);
    task.output = '';
    task.title = `${group.title}  ${pc.dim(this.#summary(group))}`;
    const [first] = group.results;
    if (group.failed) throw new Error(group.title);
    if (group.results.every((result) => result.outcome === 'skipped'))
      task.skip(`${group.title}  ${pc.dim(`skipped: ${visibleLine(first?.reason ?? '')}`)}`);
  }

  #summary(group: Group): string {
    const last = Math.max(...group.results.map((result) => result.ms));
    return `${tally(group.results)}  ${duration(last)}`;
  }

  #rows(group: Group, groups: number): string {
    const room = Math.max(
      FEWEST_ROWS,
      Math.floor(((this.#stream.rows ?? 24) - groups - MARGIN) / Math.max(1, this.#active())),
    );
    const rows = [...group.running.values()];
    const width = Math.max(0, ...rows.map((row) => row.target.length));
    const shown = rows.length > room ? rows.slice(0, room - 1) : rows;
    const lines = shown.map((row) => this.#row(row, width));
    if (rows.length > shown.length) lines.push(pc.dim(`… and ${rows.length - shown.length} more`));
    return lines.join('\n');
  }

  #active(): number {
    return [...this.#groups.values()].filter((group) => group.running.size > 0).length;
  }

  #row(row: Running, width: number): string {
    const time = elapsed(Date.now() - row.since);
    const figure = row.progress ? `  ${bar(row.progress)}` : '';
    const room = (this.#stream.columns ?? 80) - width - time.length - (row.progress ? 26 : 2) - 10;
    return `${row.target.padEnd(width)}  ${pc.dim(time.padStart(5))}${figure}  ${fit(visibleLine(maskSecrets(row.detail)), Math.max(8, room))}`;
  }
}
