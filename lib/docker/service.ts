import type { Host } from '../contracts/host.ts';

/** The commands of an init system for the Docker service. Sources: systemctl(1); openrc-run(8), rc-update(8). */
const COMMANDS = {
  systemd: {
    // Debian's packages have done both, and enabling reloads every unit.
    start: 'systemctl is-enabled -q docker && systemctl is-active -q docker || systemctl enable --now docker',
    restart: 'systemctl restart docker',
    reload: 'systemctl reload docker',
    // After several failures systemd refuses to start a service until they are forgotten.
    revive: 'systemctl reset-failed docker.service docker.socket; systemctl restart docker',
    // The socket would start it again.
    stop: 'systemctl stop docker.socket docker.service',
  },
  openrc: {
    start: 'rc-update add docker default; rc-service docker start',
    restart: 'rc-service docker restart',
    reload: 'kill -HUP $(pidof dockerd)',
    revive: 'rc-service docker restart || { rc-service docker zap; rc-service docker start; }',
    stop: 'rc-service docker stop',
  },
} as const;

/** Runs a command of the host's init system. */
async function tell(host: Host, what: keyof (typeof COMMANDS)['systemd'], signal: AbortSignal): Promise<void> {
  const script = `if [ -d /run/openrc ]; then ${COMMANDS.openrc[what]}; else ${COMMANDS.systemd[what]}; fi`;
  await host.run(['sh', '-c', script], { signal, fix: engineLog(host.name) });
}

/** Starts Docker, now and after every boot: RPM packages don't start their services. */
export function startDocker(host: Host, signal: AbortSignal): Promise<void> {
  return tell(host, 'start', signal);
}

export function restartDocker(host: Host, signal: AbortSignal): Promise<void> {
  return tell(host, 'restart', signal);
}

/** Lets a running engine read its configuration again. Source: dockerd(8), SIGHUP. */
export function reloadDocker(host: Host, signal: AbortSignal): Promise<void> {
  return tell(host, 'reload', signal);
}

/** Starts an engine again that failed to start. */
export function reviveDocker(host: Host, signal: AbortSignal): Promise<void> {
  return tell(host, 'revive', signal);
}

export function stopDocker(host: Host, signal: AbortSignal): Promise<void> {
  return tell(host, 'stop', signal);
}

/** The last lines of the engine's log; empty where there is no journal. */
export async function lastLog(host: Host, signal: AbortSignal, lines = 15): Promise<string> {
  const command = ['journalctl', '-u', 'docker', '-n', String(lines), '--no-pager', '-o', 'cat'];
  const { stdout } = await host.run(command, { signal, okExit: 'any' });
  return stdout;
}

/** Where to read why an engine doesn't start. */
export function engineLog(node: string): string {
  return `Read why it doesn't start: swarmup ssh ${node} -- sudo journalctl -u docker -n 50`;
}
