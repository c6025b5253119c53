import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../lib/contracts/host.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { strict } from '../fakes/strict.ts';

const WIRE = fileURLToPath(new URL('wire.py', import.meta.url));
const RUN_DOCKER = '/run/docker';
/** Runs a command in a node's network, where the engine's namespace of the routing mesh is that of the rig. */
const AS_NODE = `mount -t tmpfs none ${RUN_DOCKER} && mkdir ${RUN_DOCKER}/netns && : >${RUN_DOCKER}/netns/ingress_sbox &&
mount --bind "/run/netns/$1" ${RUN_DOCKER}/netns/ingress_sbox && n=$2 && shift 2 && exec ip netns exec "$n" "$@"`;

export interface RigNode {
  readonly name: string;
  readonly address: string;
  /** In the ingress network. */
  readonly inside: string;
  readonly host: Host;
  /** Runs a shell command in its network, or in its namespace of the routing mesh. */
  readonly sh: (command: string, where?: 'node' | 'sandbox') => string;
}

/**
 * Two nodes with an ingress network: real network namespaces, VXLAN and iptables. Between them is a wire that passes
 * packets as they leave the kernel.
 */
export class MeshRig {
  readonly nodes: readonly [RigNode, RigNode];
  readonly #id = `m${process.pid}`;
  readonly #made: boolean;
  #wire: ChildProcess | undefined;

  private constructor() {
    this.#made = !existsSync(RUN_DOCKER);
    if (this.#made) execFileSync('mkdir', ['-p', RUN_DOCKER]);
    for (const name of ['w', 'a', 'b', 'as', 'bs']) ip('netns', 'add', this.#ns(name));
    this.nodes = [this.#node('a', 1), this.#node('b', 2)];
    for (const [i, name] of ['a', 'b'].entries()) this.#overlay(name, i + 1, 2 - i);
  }

  static async start(): Promise<MeshRig> {
    if (userInfo().uid !== 0) throw new Error('these tests make network namespaces, which only root can');
    const rig = new MeshRig();
    await rig.rewire(1500);
    return rig;
  }

  /** Lets packets of at most so many bytes through. */
  async rewire(bytes: number): Promise<void> {
    await this.#cut();
    const wire = spawn('ip', ['netns', 'exec', this.#ns('w'), 'python3', WIRE, 'ra', 'rb', String(bytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#wire = wire;
    await once(wire.stdout, 'data');
  }

  async stop(): Promise<void> {
    await this.#cut();
    for (const name of ['as', 'bs', 'a', 'b', 'w']) ip('netns', 'del', this.#ns(name));
    if (this.#made) rmdirSync(RUN_DOCKER);
  }

  async #cut(): Promise<void> {
    if (!this.#wire) return;
    const closed = once(this.#wire, 'close');
    this.#wire.kill('SIGKILL');
    await closed;
    this.#wire = undefined;
  }

  #ns(name: string): string {
    return `${this.#id}${name}`;
  }

  #node(name: string, number: number): RigNode {
    const [net, sandbox] = [this.#ns(name), this.#ns(`${name}s`)];
    const local = localCommands(() => undefined, process.env);
    ip('link', 'add', 'eth0', 'netns', net, 'type', 'veth', 'peer', 'name', `r${name}`, 'netns', this.#ns('w'));
    ip('-n', net, 'addr', 'add', `192.0.2.${number}/24`, 'dev', 'eth0');
    for (const args of [
      ['-n', net, 'link', 'set', 'eth0', 'up'],
      ['-n', net, 'link', 'set', 'lo', 'up'],
      ['-n', this.#ns('w'), 'link', 'set', `r${name}`, 'up'],
    ])
      ip(...args);
    // A network card sends packets of its own size.
    const features = ['tso', 'gso', 'gro', 'tx-checksum-ip-generic'].flatMap((feature) => [feature, 'off']);
    execFileSync('ip', ['netns', 'exec', net, 'ethtool', '-K', 'eth0', ...features], { stdio: 'ignore' });
    const host = strict<Host>('host', {
      name,
      run: (argv, { input, signal, onLine, okExit, withinMs } = {}) => {
        if (typeof input === 'object' && !('pipe' in input)) throw new Error('the rig knows no secret input');
        return local.run(['unshare', '-m', 'sh', '-c', AS_NODE, 'rig', sandbox, net, ...argv], {
          ...(input === undefined ? {} : { input }),
          ...(signal ? { signal } : {}),
          ...(onLine ? { onLine } : {}),
          ...(okExit ? { okExit } : {}),
          ...(withinMs === undefined ? {} : { withinMs }),
        });
      },
    });
    return {
      name,
      address: `192.0.2.${number}`,
      inside: `10.0.0.${number + 1}`,
      host,
      sh: (command, where = 'node') =>
        execFileSync('ip', ['netns', 'exec', where === 'node' ? net : sandbox, 'sh', '-ec', command], {
          encoding: 'utf8',
        }),
    };
  }

  /** As the engine does: VXLAN is made beside the node's interface, and then moved. */
  #overlay(name: string, number: number, other: number): void {
    const [net, sandbox] = [this.#ns(name), this.#ns(`${name}s`)];
    // Without checksums of its own, and with the way to the other node told by somebody else: gossip, or here this rig.
    const to = ['remote', `192.0.2.${other}`, 'dev', 'eth0', 'dstport', '4789', 'noudpcsum', 'proxy', 'l3miss'];
    ip('-n', net, 'link', 'add', 'vx0', 'type', 'vxlan', 'id', '4097', ...to);
    ip('-n', net, 'link', 'set', 'vx0', 'netns', sandbox);
    ip('-n', sandbox, 'link', 'set', 'vx0', 'name', 'eth0', 'mtu', '1450', 'address', `02:42:0a:00:00:0${number}`);
    ip('-n', sandbox, 'addr', 'add', `10.0.0.${number + 1}/24`, 'dev', 'eth0');
    // As the engine's: the address of a service, and the side of the bridge docker_gwbridge.
    ip('-n', sandbox, 'addr', 'add', '10.0.0.20/32', 'dev', 'eth0');
    ip('-n', sandbox, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'gw', 'netns', net);
    ip('-n', sandbox, 'addr', 'add', '172.18.0.2/16', 'dev', 'eth1');
    for (const link of ['lo', 'eth0', 'eth1']) ip('-n', sandbox, 'link', 'set', link, 'up');
    const way = [`10.0.0.${other + 1}`, 'lladdr', `02:42:0a:00:00:0${other}`, 'dev', 'eth0', 'nud', 'permanent'];
    ip('-n', sandbox, 'neigh', 'add', ...way);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
