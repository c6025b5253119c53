import type { Progress, UnitName, UnitResult } from '../contracts/events.ts';

/** A running unit in the view. */
export interface Running {
  readonly target: string;
  readonly detail: string;
  readonly progress: Progress | undefined;
  readonly since: number;
}

/** One task with all its units: a line of the view. */
export class Group {
  readonly task: string;
  readonly title: string;
  readonly total: number;
  readonly running = new Map<string, Running>();
  readonly results: UnitResult[] = [];
  readonly started: Promise<void>;
  readonly finished: Promise<void>;
  startedAt = 0;
  #start: () => void = () => undefined;
  #finish: () => void = () => undefined;

  constructor(task: string, title: string, total: number) {
    this.task = task;
    this.title = title;
    this.total = total;
    this.started = new Promise((resolve) => (this.#start = resolve));
    this.finished = new Promise((resolve) => (this.#finish = resolve));
  }

  begin(target: string, at: number): void {
    if (this.startedAt === 0) this.startedAt = at;
    this.running.set(target, { target, detail: 'checking', progress: undefined, since: at });
    this.#start();
  }

  detail(target: string, detail: string, progress: Progress | undefined): void {
    const known = this.running.get(target);
    if (known) this.running.set(target, { ...known, detail, progress });
  }

  end(result: UnitResult): void {
    this.running.delete(result.target);
    this.results.push(result);
    this.#start();
    if (this.results.length === this.total) this.#finish();
  }

  get failed(): boolean {
    return this.results.some((result) => result.outcome === 'failed');
  }
}

/** The units of a run by task, in the pipeline's order. */
export function groupsOf(units: readonly UnitName[]): Map<string, Group> {
  const counts = new Map<string, { title: string; total: number }>();
  for (const unit of units)
    counts.set(unit.task, { title: unit.title, total: (counts.get(unit.task)?.total ?? 0) + 1 });
  return new Map([...counts].map(([task, { title, total }]) => [task, new Group(task, title, total)]));
}
