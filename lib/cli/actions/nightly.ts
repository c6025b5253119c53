import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeOwn } from '../../util/remove.ts';
import { nightly as stages } from '../../../Taskfile.ts';
import type { Catalogue } from '../../pipeline/taskfile.ts';
import { catalogueWith } from '../../session/catalogue.ts';
import { isOwnCheckout } from '../../config/source.ts';
import { asSwarmupError, SwarmupError } from '../../util/errors.ts';
import type { Listener, RunResult } from '../../contracts/events.ts';
import { ifThere } from '../../util/files.ts';
import { Away, notPlayable, refreshed, requestOf } from '../../nightly/stages.ts';
import type { NightlyStage } from '../../pipeline/nightly-stage.ts';
import { FILES } from '../../record/recorder.ts';
import { readRecord } from '../../record/store.ts';
import { failures } from '../../render/error.ts';
import { explainedOn } from '../../render/hyperlink.ts';
import { htmlReport } from '../../render/html/report.ts';
import { resultJson } from '../../render/json.ts';
import { nightlyText, type PlayedStage } from '../../render/nightly.ts';
import { print, printJson, writeStderr } from '../../render/output.ts';
import { openView } from '../../render/view.ts';
import { runPipeline, underLock, type Held, type Session } from '../../pipeline/run-pipeline.ts';
import type { RunOptions } from '../options.ts';
import { Reporting, writeReport } from '../reporting.ts';
import { protectedCluster } from '../../session/prepare.ts';
import { runClusterOf, withSession } from '../session.ts';
import { shortPath } from '../short-path.ts';
import { hangingLines } from '../../util/visible.ts';

export interface NightlyOptions extends RunOptions {
  /** The folder for reports and record. */
  readonly out?: string;
  /** Leaves the cluster as it is when something fails. */
  readonly retain?: boolean;
}

/** Tests the whole life of a cluster: see `nightly` in Taskfile.ts. @returns the exit status */
export async function nightly(options: NightlyOptions): Promise<number> {
  const cluster = await runClusterOf(isFileLeftOpen(options) ? { ...options, example: 'nightly' } : options);
  if (cluster.protect) throw protectedCluster(cluster, 'nightly');
  const out = resolve(options.out ?? `nightly-${cluster.name}`);
  const folder = join(out, 'record');
  await clear(folder);
  const command = process.argv.slice(2).join(' ');
  const junit = options.junit ?? join(out, 'junit.xml');
  const reporting = new Reporting({ cluster, command, junit, onlyFailures: false, folder });
  const stage = new StageView(options);
  const listeners = [stage.listener, ...reporting.listeners];
  return withSession(
    cluster,
    { yes: options.yes, acceptNew: options.acceptNew, asRoot: true, listeners, onSecret: reporting.onSecret },
    async (session) => {
      refuseExisting(session, options);
      const play = new Play(await catalogueWith(options.taskfile ?? cluster.taskfile), stage, session);
      try {
        const lock = { command: 'nightly', waitMs: options.lockWait ?? 0 };
        await underLock(lock, session, (held) => play.all(held, reporting, options.retain ?? false));
      } finally {
        const record = await reporting.finish();
        if (record) await writeReport(join(out, 'report.html'), htmlReport(await readRecord(folder, 'nightly')));
      }
      if (options.json) printJson(play.document());
      else
        print(
          `${nightlyText(play.played, stages)}  reports  ${shortPath(join(out, 'report.html'))}  ${shortPath(junit)}\n`,
        );
      if (session.signal.aborted) return 130;
      return play.ok ? 0 : 1;
    },
  );
}

/** Runs the stages one after another; after a failure only the last one, which removes everything. */
class Play {
  readonly #catalogue: Catalogue;
  readonly #stage: StageView;
  readonly #session: Session;
  readonly #away = new Away();
  readonly played: PlayedStage[] = [];
  /** The error that ended a stage without a result. */
  #broken: SwarmupError | undefined;

  constructor(catalogue: Catalogue, stage: StageView, session: Session) {
    this.#catalogue = catalogue;
    this.#stage = stage;
    this.#session = session;
  }

  get ok(): boolean {
    return !this.#broken && this.played.every(({ result }) => result.ok);
  }

  document(): object {
    const { cluster } = this.#session.context;
    const list = this.played.map(({ title, result }) => ({ title, ...resultJson(result) }));
    return { ok: this.ok, cluster: cluster.name, stages: list };
  }

  /** @throws SwarmupError the error of a stage, once everything is removed */
  async all(held: Held, reporting: Reporting, retain: boolean): Promise<void> {
    for (const stage of stages) {
      const last = stage === stages.at(-1);
      if (last ? !this.ok && retain : !this.ok || this.#session.signal.aborted) continue;
      const reason = notPlayable(stage, this.#session.context.cluster);
      if (reason !== undefined) this.#leaveOut(stage, reason);
      else {
        if (last) await reporting.keepStatus(this.#session);
        await this.#one(stage, held, last).catch((error: unknown) => {
          this.#broken ??= asSwarmupError(error);
        });
      }
    }
    if (this.#broken) throw this.#broken;
  }

  #leaveOut({ title }: NightlyStage, reason: string): void {
    const message = `skipped: ${title} (${reason})`;
    this.#session.emit({ type: 'warning', warning: { key: title, message } });
  }

  /** @param last runs even after an interrupt, with its own signal */
  async #one(stage: NightlyStage, held: Held, last: boolean): Promise<void> {
    const signal = last ? new AbortController().signal : this.#session.signal;
    const cluster = this.#away.clusterFor(stage, this.#session.context.cluster);
    const session = await refreshed({ ...this.#session, signal }, cluster);
    this.#session.emit({ type: 'stage-started', title: stage.title });
    await this.#stage.open(stage.title);
    const request = await requestOf(stage, session);
    for (const name of request.selection?.nodes ?? []) this.#away.add(name);
    const result = await runPipeline(this.#catalogue, request, session, held);
    this.played.push({ title: stage.title, result });
    await this.#stage.close(result, session, request);
  }
}

/** A separate view for each stage, one after another. */
class StageView {
  readonly #options: NightlyOptions;
  #view: Awaited<ReturnType<typeof openView>> | undefined;
  readonly listener: Listener = (event) => {
    if (this.#view) this.#view.listener(event);
    else if (event.type === 'warning') writeStderr(`${hangingLines(event.warning.message, '  ')}\n`);
  };

  constructor(options: NightlyOptions) {
    this.#options = options;
  }

  async open(title: string): Promise<void> {
    if (!this.#options.json && this.#options.renderer !== 'silent') print(`\n${title}\n`);
    this.#view = await openView(this.#options);
  }

  async close(
    result: RunResult,
    { context }: Session,
    { mode, pipeline }: { mode: 'apply' | 'check' | 'plan'; pipeline: string },
  ) {
    const ending = { result, context, mode, pipeline, record: undefined };
    if (!this.#options.json) await this.#view?.close(ending);
    else writeStderr(failures(result.units, await explainedOn(process.stderr)));
    this.#view = undefined;
  }
}

/** Whether the shipped file is used: only in swarmup's own checkout. */
function isFileLeftOpen({ file, example }: NightlyOptions): boolean {
  return file === undefined && example === undefined && !process.env['SWARMUP_FILE'] && isOwnCheckout(process.cwd());
}

/** The test removes everything at its end, so it starts only where there is nothing to lose. */
function refuseExisting({ context }: Session, { file }: NightlyOptions): void {
  const names = [...context.world.before.keys()];
  if (names.length === 0) return;
  if ([...context.world.before.values()].some(({ external }) => external)) {
    throw new SwarmupError(
      'USAGE',
      `the nightly test makes machines and cuts their power, but these existed before it: ${names.join(', ')}`,
      {
        fix: 'Give it a cluster file with a provider that makes machines, such as qemu or aws.',
      },
    );
  }
  throw new SwarmupError(
    'USAGE',
    `the nightly test removes its cluster at the end, but ${context.cluster.name} already exists: ${names.join(', ')}`,
    { fix: `Give the test a cluster file with another name, or first run: swarmup down${file ? ` -f ${file}` : ''}` },
  );
}

/** Makes room for a new record; removes only a folder that is a record. */
async function clear(folder: string): Promise<void> {
  const entries = (await ifThere(readdir(folder))) ?? [];
  if (entries.length > 0 && !entries.includes(FILES.meta)) {
    throw new SwarmupError('USAGE', `${folder} exists, and is not the record of a run`, {
      fix: 'Name another folder with --out.',
    });
  }
  await removeOwn(folder);
}
