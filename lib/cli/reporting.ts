import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { unlessAborted } from '../async/abortable.ts';
import type { Cluster } from '../config/model.ts';
import type { Listener, RunResult } from '../contracts/events.ts';
import { secretsOf } from '../record/cluster-secrets.ts';
import { Recorder } from '../record/recorder.ts';
import { Redactor } from '../record/redact.ts';
import { newRunFolder, pruneRuns, runsFolder } from '../record/store.ts';
import { Timeline } from '../record/timeline.ts';
import { junit } from '../render/junit.ts';
import { resultJson } from '../render/json.ts';
import type { Session } from '../pipeline/run-pipeline.ts';
import type { Secret } from '../util/secret.ts';
import { clusterStatus, type ClusterStatus } from '../swarm/status.ts';
import { shortPath } from './short-path.ts';
import { version } from './version.ts';

/** How long the status queries at the end of a run may take, in milliseconds. */
const STATUS_MS = 10_000;

export interface ReportingOptions {
  readonly cluster: Cluster;
  /** The command line, without the program. */
  readonly command: string;
  /** A file for the JUnit report. */
  readonly junit?: string | undefined;
  /** Leaves a record only when the run fails: for runs that change nothing, or that remove the folder of records. */
  readonly onlyFailures: boolean;
  /** The record's folder; default: a new one under the cluster's state folder. */
  readonly folder?: string;
}

/** What is left of a run besides the cluster: its record, and reports of it. */
export class Reporting {
  readonly listeners: readonly Listener[];
  readonly onSecret: (secret: Secret) => void;
  readonly #timeline = new Timeline();
  readonly #options: ReportingOptions;
  readonly #recorder: Recorder;
  readonly #redactor = new Redactor();
  #status: ClusterStatus | undefined;

  constructor(options: ReportingOptions) {
    const { cluster } = options;
    for (const secret of secretsOf(cluster)) this.#redactor.add(secret);
    this.#options = options;
    this.onSecret = (secret) => this.#redactor.add(secret);
    const startedAt = new Date();
    this.#recorder = new Recorder({
      folder: options.folder ?? newRunFolder(runsFolder(cluster.stateDir), startedAt),
      meta: {
        command: options.command,
        cluster: cluster.name,
        file: cluster.file,
        provider: cluster.provider.type,
        startedAt: startedAt.toISOString(),
        versions: {
          swarmup: version(),
          'Node.js': process.versions.node,
          system: `${process.platform} ${process.arch}`,
        },
      },
      redactor: this.#redactor,
      onlyFailures: options.onlyFailures,
    });
    this.listeners = [this.#timeline.listener, this.#recorder.listener];
  }

  /** The cluster's current status, for the record; undefined when it can't be read. */
  async statusOf({ context, signal }: Session): Promise<ClusterStatus | undefined> {
    if (context.machines.all().every((machine) => machine.state !== 'running')) return undefined;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(STATUS_MS)]);
      return await unlessAborted(clusterStatus(context, limit), limit);
    } catch {
      // The run itself has reported what is wrong; the record then has no status.
      return undefined;
    }
  }

  /** Keeps the cluster's current status: for a run that removes the cluster at its end. */
  async keepStatus(session: Session): Promise<void> {
    this.#status = await this.statusOf(session);
  }

  /** Records that the run itself threw an error. @returns the record's folder, as seen from here */
  async fail(): Promise<string | undefined> {
    this.#recorder.fail();
    return this.finish();
  }

  /**
   * Writes the reports and ends the record.
   * @param status the cluster's current status
   * @returns the record's folder, as seen from here
   */
  async finish(result?: RunResult, status = this.#status): Promise<string | undefined> {
    const { junit: file, cluster } = this.#options;
    if (file !== undefined) await writeReport(file, junit(this.#redactor.cleanAll(this.#timeline.stages)));
    const folder = this.#recorder.close({ ...(result ? { result: resultJson(result) } : {}), status });
    if (folder !== undefined && this.#options.folder === undefined)
      await pruneRuns(runsFolder(cluster.stateDir), cluster.runs.keep);
    return folder === undefined ? undefined : shortPath(folder);
  }
}

/** Writes a file that the user asked for, creating its folder. */
export async function writeReport(file: string, text: string): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFile(file, text);
}
