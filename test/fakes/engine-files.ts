import { Secret } from '../../lib/util/secret.ts';
import type { RemoteRun } from '../../lib/contracts/host.ts';
import type { Output } from '../../lib/contracts/output.ts';

const DAEMON = '/etc/docker/daemon.json';
const NOTE = '/var/lib/swarmup/daemon-keys.json';

/** What a host's engine is configured with, and what happens when it starts with that. */
export class FakeEngineFiles {
  /** By `HOST:PATH`. */
  readonly files = new Map<string, string>();
  /** What `dockerd --validate` refuses. */
  refused: RegExp | undefined;
  /** What an engine doesn't start with, although it is valid. */
  fatal: RegExp | undefined;
  /** Hosts where swarmup installed Docker: their packages, as `ii NAME`, and held ones as `hi NAME`. */
  readonly packages = new Map<string, string>();
  /** What was done to engines, in order. */
  readonly done: string[] = [];

  read(host: string, path: string): string {
    return this.files.get(`${host}:${path}`) ?? '';
  }

  daemonOf(host: string): string {
    return this.read(host, DAEMON);
  }

  /** Answers the questions for a host's configuration, in the order in which they are asked. */
  answers(host: string): string[] {
    const packages = this.packages.get(host);
    const holds = packages === undefined ? '' : `manager apt\n${packages}`;
    return [this.read(host, DAEMON), this.read(host, NOTE), '', holds];
  }

  /** Runs a command that concerns an engine's configuration; undefined for any other. */
  run(host: string, argv: readonly string[], { input }: RemoteRun): Output | undefined {
    const command = argv.join(' ');
    const ok = (stdout = '') => ({ exitCode: 0, stdout, stderr: '' });
    const text = input instanceof Secret ? input.reveal() : typeof input === 'string' ? input : '';
    if (command.includes('--validate'))
      return this.refused?.test(text) ? { ...ok(), exitCode: 1, stderr: 'unable to configure: bad value' } : ok();
    if (command === `cat ${DAEMON}`) {
      const known = this.files.has(`${host}:${DAEMON}`);
      return { ...ok(this.daemonOf(host)), exitCode: known ? 0 : 1 };
    }
    if (argv[3] === 'swarmup-write' || argv[0] === 'tee') {
      const path = argv.at(-1) ?? '';
      if (path !== DAEMON && path !== NOTE) return undefined;
      this.files.set(`${host}:${path}`, text);
      return ok();
    }
    if (command === `rm -f ${DAEMON}`) {
      this.files.delete(`${host}:${DAEMON}`);
      return ok();
    }
    if (argv[0] === 'apt-mark' && argv[1] === 'hold') {
      this.done.push(`hold ${argv.slice(2).join(' ')} on ${host}`);
      const names = argv.slice(2);
      const now = (this.packages.get(host) ?? '').split('\n');
      this.packages.set(
        host,
        now.map((line) => (names.includes(line.slice(3)) ? line.replace('ii', 'hi') : line)).join('\n'),
      );
      return ok();
    }
    if (argv[0] === 'journalctl') return ok('dockerd: failed to start daemon');
    return undefined;
  }

  /** Starts, restarts or reloads an engine. @throws as the init system does when the engine doesn't start */
  start(host: string, how: string): void {
    this.done.push(`${how} ${host}`);
    if (how !== 'reload' && this.fatal?.test(this.daemonOf(host))) throw new Error('docker.service failed');
  }
}
