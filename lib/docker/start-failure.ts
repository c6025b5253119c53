import { SwarmupError, type ErrorCode } from '../util/errors.ts';
import { visibleLine } from '../util/visible.ts';
import { engineLog } from './service.ts';

interface Cause {
  /** What the engine logs. The group `what` names a part of it. */
  readonly text: RegExp;
  readonly code: ErrorCode;
  /** Behind "the Docker Engine on NODE doesn't start: ". */
  readonly message: (what: string) => string;
  /** A command to run on the node, with what it does. */
  readonly fix: (node: string) => string;
}

const edit = (node: string) => `swarmup ssh ${node} -- sudoedit /etc/docker/daemon.json`;

/**
 * Why an engine ends while it starts. Sources: moby, cmd/dockerd/config.go and daemon.go, daemon/config/config.go,
 * libnetwork/iptables, daemon/cluster; docker-ce-packaging#1340 for the module that Red Hat moved to another package.
 */
const CAUSES: readonly Cause[] = [
  {
    text: /the following directives are specified both as a flag and in the configuration file: (?<what>[\w-]+)/,
    code: 'DAEMON_CONFIG_INVALID',
    message: (what) => `daemon.json has ${what}, and so has the command line of its service`,
    fix: (node) => `Remove it from the file: ${edit(node)}; or override ExecStart: sudo systemctl edit docker`,
  },
  {
    text: /--?live-restore daemon configuration is incompatible with swarm mode/,
    code: 'DAEMON_CONFIG_INVALID',
    message: () => 'daemon.json has live-restore, with which the engine refuses swarm mode',
    fix: (node) => `Remove it: ${edit(node)}`,
  },
  {
    text: /(?:unable to configure the Docker daemon with file \S+|the following directives don't match any configuration option): (?<what>[^\n"]+)/,
    code: 'DAEMON_CONFIG_INVALID',
    message: (what) => `daemon.json is invalid: ${what}`,
    fix: (node) => `Correct it: ${edit(node)}`,
  },
  {
    text: /apparmor_parser.*(?:executable file not found|no such file or directory)/,
    code: 'ENGINE_START_FAILED',
    message: () => 'AppArmor is on, but apparmor_parser is missing',
    fix: (node) =>
      `Install it: swarmup ssh ${node} -- sudo apt-get install -y apparmor (SUSE: sudo zypper install apparmor-parser)`,
  },
  {
    text: /Extension (?<what>\w+) revision \d+ not supported, missing kernel module/,
    code: 'ENGINE_START_FAILED',
    message: (what) => `its kernel has no module for iptables' ${what}`,
    fix: (node) => kernelFix(node),
  },
  {
    text: /Module (?<what>[\w-]+) not found in directory|'(?<other>overlay)' not found as a supported filesystem|can't initialize iptables table/,
    code: 'ENGINE_START_FAILED',
    message: (what) => `its kernel can't load ${what === '' ? 'the modules of iptables' : `the module ${what}`}`,
    fix: (node) => kernelFix(node),
  },
  {
    text: /failed to find iptables|"?iptables"?: executable file not found/,
    code: 'ENGINE_START_FAILED',
    message: () => 'iptables is missing',
    fix: (node) => `Install it: swarmup ssh ${node} -- sudo apt-get install -y iptables (Red Hat, SUSE: dnf, zypper)`,
  },
  {
    text: /no space left on device/i,
    code: 'ENGINE_START_FAILED',
    message: () => 'its disk is full',
    fix: (node) => `Free space; what uses it: swarmup ssh ${node} -- sudo du -xh --max-depth=2 /var`,
  },
  {
    text: /containerd\.sock|timeout waiting for containerd|failed to (?:dial|connect to|start) containerd/,
    code: 'ENGINE_START_FAILED',
    message: () => 'containerd, which it needs, does not answer',
    fix: (node) =>
      `Restart it: swarmup ssh ${node} -- sudo systemctl restart containerd; its log: sudo journalctl -u containerd -n 50`,
  },
];

function kernelFix(node: string): string {
  return `If the kernel was upgraded since the last boot: swarmup ssh ${node} -- sudo systemctl reboot. On Red Hat and its relatives first: sudo dnf install -y kernel-modules-extra`;
}

/**
 * The error for an engine that doesn't start.
 * @param log the end of its log, which says why
 */
export function startError(node: string, log: string, cause: SwarmupError): SwarmupError {
  const about = `the Docker Engine on ${node} doesn't start`;
  const more = { output: log.trim() || (cause.output ?? ''), cause };
  for (const { text, code, message, fix } of CAUSES) {
    const found = text.exec(log);
    if (!found) continue;
    const what = visibleLine(found.groups?.['what'] ?? found.groups?.['other'] ?? '');
    return new SwarmupError(code, `${about}: ${message(what)}`, { fix: fix(node), ...more });
  }
  return new SwarmupError('ENGINE_START_FAILED', about, { fix: engineLog(node), ...more });
}
