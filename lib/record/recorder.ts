import { unreachable } from '../util/unreachable.ts';
import type { Event, Listener } from '../contracts/events.ts';
import { changesJson } from '../contracts/change-json.ts';
import { pattern } from './pattern.ts';
import { recordable } from './recorded-change.ts';
import type { Redactor } from './redact.ts';
import { Sink } from './sink.ts';

/** What is known about a run at its start. */
export interface RunMeta {
  /** The command line, without the program. */
  readonly command: string;
  readonly cluster: string;
  /** The cluster file. */
  readonly file: string;
  readonly provider: string;
  readonly startedAt: string;
  readonly versions: Readonly<Record<string, string>>;
}

export interface RecorderOptions {
  /** The folder of the run's record. */
  readonly folder: string;
  readonly meta: RunMeta;
  readonly redactor: Redactor;
  /** Leaves a record only when the run fails. */
  readonly onlyFailures: boolean;
}

/** The files of a record. */
export const FILES = {
  meta: 'run.json',
  events: 'events.jsonl',
  plan: 'plan.json',
  result: 'result.json',
  status: 'status.json',
  /** A bastion's name is `user@host:port`, whose parts may have any characters. */
  transcript: (host: string) => `hosts/${host.replace(/[^\w@:.-]/g, '_').replace(/^\.+/, '_')}.log`,
} as const;

/**
 * Writes everything that happens in a run to its folder: events as JSON lines, a transcript for each host, plan and
 * result.
 */
export class Recorder {
  readonly listener: Listener;
  readonly #sink: Sink;
  readonly #redactor: Redactor;
  readonly #lastDetail = new Map<string, string>();
  readonly #details = new Map<string, (text: string) => string>();
  readonly #plan: object[] = [];
  /** The scripts that are already in the transcripts, by host. */
  readonly #scripts = new Set<string>();
  readonly #onlyFailures: boolean;
  #started = false;
  #failed = false;

  constructor({ folder, meta, redactor, onlyFailures }: RecorderOptions) {
    this.#sink = new Sink(folder);
    this.#redactor = redactor;
    this.#onlyFailures = onlyFailures;
    this.#write(FILES.meta, json(redactor.cleanAll(meta)));
    this.listener = (event) => this.#add(event);
  }

  /** Marks the run as failed, regardless of its events. */
  fail(): void {
    this.#failed = true;
  }

  /** Ends the record. @returns its folder, if there is one */
  close(parts: { readonly result?: object; readonly status?: object | undefined } = {}): string | undefined {
    if (this.#failed && this.#started) this.#sink.release();
    if (this.#plan.length > 0) this.#write(FILES.plan, json(this.#redactor.cleanAll(this.#plan)));
    if (parts.status) this.#write(FILES.status, json(this.#redactor.cleanAll(parts.status)));
    if (parts.result) this.#write(FILES.result, json(this.#redactor.cleanAll(parts.result)));
    this.#sink.close();
    return this.#sink.written ? this.#sink.folder : undefined;
  }

  /** Nothing before that is worth a record: another run may hold the cluster. */
  #start(): void {
    this.#started = true;
    if (!this.#onlyFailures) this.#sink.release();
  }

  #write(file: string, text: string): void {
    this.#sink.append(file, text);
  }

  #add(event: Event): void {
    if (event.type === 'run-finished' && !event.result.ok) this.#failed = true;
    if (event.type === 'run-started') this.#start();
    if (event.type === 'unit-planned') {
      const { task, target } = event.unit;
      this.#plan.push({ task, target, ...changesJson(event.changes) });
    }
    // Cleaned before it is laid out: indented lines would hide the end of a secret.
    const cleaned = this.#cleaned(event);
    const transcript = transcriptOf(cleaned, this.#scripts);
    if (transcript) this.#write(FILES.transcript(transcript.host), transcript.text);
    if (this.#isNews(cleaned)) this.#write(FILES.events, `${JSON.stringify(cleaned, withoutOutput)}\n`);
  }

  #cleaned(event: Event): Event {
    if (event.type !== 'unit-detail') return this.#redactor.cleanAll(recordable(event));
    // Progress shows the lines of an output one by one.
    const key = `${event.unit.task}@${event.unit.target}`;
    const stream = this.#details.get(key) ?? this.#redactor.stream();
    this.#details.set(key, stream);
    return { ...this.#redactor.cleanAll(event), detail: stream(event.detail) };
  }

  /** Progress messages that differ only in a number are recorded once. */
  #isNews(event: Event): boolean {
    if (event.type === 'engine-asked') return false;
    if (event.type !== 'unit-detail') return true;
    const key = `${event.unit.task}@${event.unit.target}`;
    const text = pattern(event.detail);
    const known = this.#lastDetail.get(key) === text;
    this.#lastDetail.set(key, text);
    return !known;
  }
}

/** Leaves out the output of commands, which is in the host's transcript. */
function withoutOutput(this: unknown, key: string, value: unknown): unknown {
  return key === 'printed' ? undefined : value;
}

function transcriptOf(event: Event, scripts: Set<string>): { host: string; text: string } | undefined {
  const time = new Date(event.at).toISOString();
  switch (event.type) {
    case 'command-finished': {
      const lines = event.printed.split('\n').filter((line) => line !== '');
      const printed = lines.map((line) => `    ${line}\n`).join('');
      return {
        host: event.host,
        text: `${time} $ ${shortened(event, scripts)}\n${printed}    => exit ${event.exitCode}, ${event.ms} ms\n`,
      };
    }
    case 'engine-asked': {
      const end = event.error === undefined ? 'ok' : `failed: ${event.error}`;
      return { host: event.host, text: `${time} engine: ${event.what} => ${end}, ${event.ms} ms\n` };
    }
    case 'stage-started':
    case 'run-started':
    case 'run-finished':
    case 'unit-started':
    case 'unit-phase':
    case 'unit-planned':
    case 'unit-detail':
    case 'unit-retrying':
    case 'unit-finished':
    case 'warning':
    case 'interrupting':
      return undefined;
    default:
      return unreachable(event);
  }
}

/** A command; a multi-line script is written out only the first time a host runs it. */
function shortened({ host, command }: { host: string; command: string }, scripts: Set<string>): string {
  const script = /\n[^]*\n/.exec(command)?.[0];
  if (script === undefined) return command;
  const known = scripts.has(host + script);
  scripts.add(host + script);
  return known ? command.replace(script, () => ' [the same script as before] ') : command;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
