import type { Diagnostic } from '../util/diagnostic.ts';
import type { At } from './convert.ts';
import { extensions } from './convert.ts';
import { YAML_3 } from './clients.ts';
import { interpolate } from './interpolate.ts';
import { convertFileObject, convertNetwork, convertVolume, section } from './objects.ts';
import { refusedBelow, type OlderMistake } from './older.ts';
import { FORBIDDEN, IGNORED } from './properties.ts';
import { COMPOSE_FILE, NEWEST } from './schema.ts';
import type { Scope } from './scope.ts';
import { convertService } from './service.ts';
import type { ComposeConfig } from './types.ts';
import { validate } from './validate.ts';
import { isDict, sprint, type Dict } from './values.ts';
import { withLineFeeds } from './yaml/encoding.ts';
import type { Problem } from './yaml/nodes.ts';
import { Places } from './yaml/places.ts';
import { readYaml, type Path, type YamlFile } from './yaml/read.ts';

export interface ComposeFile {
  /** Its absolute path. */
  readonly path: string;
  /** Its path as shown in mistakes. */
  readonly shown: string;
  readonly text: string;
  /** What of the file is no text. */
  readonly problem?: Problem;
}

/** A user reads no more of them at once, and a hostile file has a million. */
const MOST_MISTAKES = 50;

/** What the conversion needs from outside the file. */
export type Outside = Pick<Scope, 'folder' | 'home' | 'lookup' | 'readFile' | 'referTo'>;

interface FoundReference {
  readonly kind: 'env_file' | 'secret' | 'config';
  readonly path: string;
  readonly written: string;
  readonly mistake: (message: string, hint?: string) => Diagnostic;
}

/** Reads one Compose file, and collects what is wrong with it. */
export class FileReader {
  readonly mistakes: Diagnostic[] = [];
  readonly references: FoundReference[] = [];
  readonly ignored: { readonly service: string; readonly key: string }[] = [];
  /** What older docker commands read in another way. */
  readonly older: OlderMistake[] = [];
  readonly #outside: Outside;
  readonly #places: Places;
  readonly #yaml: YamlFile;

  constructor(file: ComposeFile, outside: Outside) {
    this.#outside = outside;
    const text = withLineFeeds(file.text);
    this.#places = new Places(file.shown, text);
    this.#yaml = readYaml(text);
    const problems = file.problem ? [file.problem] : this.#yaml.problems.slice(0, MOST_MISTAKES);
    for (const { message, hint, ...span } of problems) this.mistakes.push(this.#places.diagnostic(span, message, hint));
    for (const { message, hint, ...span } of this.#yaml.older)
      this.older.push({ below: YAML_3, mistake: this.#places.diagnostic(span, message, hint) });
  }

  /** Whether other documents follow the first, which Docker doesn't read. */
  get hasMore(): boolean {
    return this.#yaml.hasMore;
  }

  /** The version as it is written; undefined for none. */
  get writtenVersion(): string | undefined {
    const version = this.#yaml.root?.get('version');
    return version === undefined ? undefined : sprint(version);
  }

  /** The version that Docker reads the file as: the newest for none and for 3. */
  get version(): string {
    const written = this.writtenVersion ?? '';
    return written === '' || written === '3' ? `3.${NEWEST}` : written;
  }

  wrong(path: Path, message: string, hint?: string, at?: 'value' | 'key'): void {
    if (this.mistakes.length >= MOST_MISTAKES) return;
    const found = this.diagnostic(path, message, hint, at);
    const isKnown = this.mistakes.some(
      (one) => one.line === found.line && one.column === found.column && one.message === found.message,
    );
    if (!isKnown) this.mistakes.push(found);
  }

  /** A mistake at a path, which isn't collected. */
  diagnostic(path: Path, message: string, hint?: string, at?: 'value' | 'key'): Diagnostic {
    return this.#places.diagnostic(this.#yaml.spanOf(path, at), message, hint);
  }

  /** How many steps of a path the file has. */
  depthOf(path: Path): number {
    let value = this.#yaml.root;
    for (const [i, key] of path.entries()) {
      const next = value?.get(String(key));
      if (next === undefined) return i;
      if (!isDict(next)) return i + 1;
      value = next;
    }
    return path.length;
  }

  /**
   * The file in Docker's long form. Mistakes are collected; with any, the result isn't complete.
   *
   * @param expected the version of the first file, which all others have to claim too
   */
  read(expected: string | undefined): ComposeConfig | undefined {
    const { root } = this.#yaml;
    if (!root || this.mistakes.length > 0) return undefined;
    const minor = this.#minor(expected);
    this.#findProperties(root);
    if (minor === undefined || this.mistakes.length > 0) return undefined;
    const wrong = this.wrong.bind(this);
    const interpolated = interpolate(root, { ...this.#outside, wrong });
    if (this.mistakes.length > 0) return undefined;
    validate(interpolated, COMPOSE_FILE, minor, wrong);
    if (this.mistakes.length > 0) return undefined;
    const { writtenVersion = '' } = this;
    if (writtenVersion === '' || writtenVersion === '3')
      refusedBelow(interpolated, writtenVersion, (below, path, message, hint, at) => {
        if (this.older.length < MOST_MISTAKES)
          this.older.push({ below, mistake: this.diagnostic(path, message, hint, at) });
      });
    return this.#convert(interpolated);
  }

  #minor(expected: string | undefined): number | undefined {
    const { version } = this;
    if (expected !== undefined && version !== expected) {
      const message = `this file has version ${version}, and the first one ${expected}`;
      this.wrong(['version'], message, 'expected the same version in all files, or none in any');
      return undefined;
    }
    const [, minor] = /^3\.(0|[1-9][0-9]?)$/.exec(version) ?? [];
    if (minor !== undefined && Number(minor) <= NEWEST) return Number(minor);
    const hint = `expected 3.0 to 3.${NEWEST} in quotes, or no version`;
    this.wrong(['version'], `stacks have no Compose file version ${version.slice(0, 20)}`, hint);
    return undefined;
  }

  #findProperties(root: Dict): void {
    const services = root.get('services');
    if (!isDict(services)) return;
    for (const [service, content] of services) {
      if (!isDict(content)) continue;
      for (const key of content.keys()) {
        if (Object.hasOwn(FORBIDDEN, key))
          this.wrong(['services', service, key], `stacks do not support ${key}`, FORBIDDEN[key], 'key');
        if (IGNORED.includes(key)) this.ignored.push({ service, key });
      }
    }
  }

  #convert(root: Dict): ComposeConfig {
    const at: At = { value: root, path: [], wrong: this.wrong.bind(this) };
    const scope: Scope = {
      ...this.#outside,
      wrong: at.wrong,
      referToFile: ({ kind, path, written, place }) => {
        const mistake = (message: string, hint?: string) => this.diagnostic(place, message, hint);
        this.references.push({ kind, path, written, mistake });
      },
    };
    const networks = section(at, 'networks', convertNetwork);
    const volumes = section(at, 'volumes', convertVolume);
    const secrets = section(at, 'secrets', (key, one) => convertFileObject(key, one, scope, 'secret'));
    const configs = section(at, 'configs', (key, one) => convertFileObject(key, one, scope, 'config'));
    return {
      version: this.version,
      services: section(at, 'services', (_, one) => convertService(one, scope)) ?? {},
      ...(networks ? { networks } : {}),
      ...(volumes ? { volumes } : {}),
      ...(secrets ? { secrets } : {}),
      ...(configs ? { configs } : {}),
      ...extensions(at),
    };
  }
}
