import { daemonJson } from '../facts/daemon-json.ts';
import { dockerService } from '../facts/docker-service.ts';
import type { Fact } from '../facts/fact.ts';
import type { Host } from '../contracts/host.ts';
import { gather } from '../remote/gather-facts.ts';
import { parseRecord } from './pick.ts';
import type { LogWindow } from './window.ts';

/** How long one program on a host may take, in seconds. */
const PROGRAM_S = 30;
/** How much of a log is read. */
const LINES = 3000;
const BYTES = 256 * 1024;
const LATEST_LINES = 300;

const text = (command: string): Fact<string> => ({ command, parse: (output) => output });

/** Each with its output behind its name; a missing program has none. */
const versions = text(
  [
    'uname -srm',
    'docker --version',
    'dockerd --version',
    'containerd --version',
    'runc --version | head -n 1',
    'iptables --version',
    'nft --version',
    'systemctl --version | head -n 1',
    'rc-status --version | head -n 1',
  ]
    .map((command) => `timeout ${PROGRAM_S} ${command} 2>&1`)
    .join('\n'),
);

/** Sources: proc_loadavg(5), proc_uptime(5), proc_meminfo(5), df(1). */
const resources = text(
  [
    'uptime',
    'grep -E "^(MemTotal|MemAvailable|SwapTotal|SwapFree):" /proc/meminfo',
    `timeout ${PROGRAM_S} df -Pk`,
    `timeout ${PROGRAM_S} df -Pi`,
  ].join('\n'),
);

const info: Fact<Readonly<Record<string, unknown>>> = {
  command: `timeout ${PROGRAM_S} docker info --format '{{json .}}'`,
  parse: (output) => parseRecord(output) ?? {},
};

/**
 * What the engine, containerd and systemd logged; not the output of containers, which is in the journal of the same unit with
 * the log driver journald. OpenRC's service writes a file, in which lines can't be selected by time. Sources:
 * journalctl(1), -t: SYSLOG_IDENTIFIER; moby, contrib/init/openrc.
 */
const LOG = [
  'log() { if [ -d /run/openrc ]; then',
  `  tail -n ${LATEST_LINES} /var/log/docker.log`,
  'else',
  `  timeout ${PROGRAM_S} journalctl -u docker -u containerd -t dockerd -t containerd -t systemd -q --no-pager -o short-iso "$@"`,
  `fi | tail -n ${LINES} | tail -c ${BYTES}; }`,
].join('\n');

/** @param window seconds before now, by the host's own clock, which may differ from ours */
function logAround({ fromS, toS }: LogWindow): Fact<string> {
  return {
    command: `${LOG}\nset -- $1 $(date +%s)\nlog --since "@$(($3 - $1))" --until "@$(($3 - $2))"`,
    argument: `${fromS} ${toS}`,
    parse: (output) => output,
  };
}

const latestLog = text(`${LOG}\nlog -n ${LATEST_LINES}`);

/** Everything that is read on a host besides the facts of preflight. */
export type HostAnswers = Awaited<ReturnType<typeof askHost>>;

/** Read-only: fixed commands, one round trip. */
export function askHost(host: Host, window: LogWindow, signal: AbortSignal) {
  const log = logAround(window);
  return gather(host, { versions, resources, info, dockerService, daemonJson, log, latestLog }, signal);
}
