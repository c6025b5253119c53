import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../lib/async/clock.ts';
import { exists } from '../../lib/util/files.ts';
import { findTools } from '../../lib/providers/qemu/packages.ts';
import type { BootImage } from '../../lib/providers/qemu/record.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { qmp } from '../../lib/remote/qmp.ts';
import { cloudImage, KERNEL_ARGUMENTS } from '../support/cloud-image.ts';
import type { Instance, MachinePark } from './account.ts';
import { quiet } from './cloud.ts';

/** The networks that exist only inside the machines. */
const UPLINK = { guest: '192.168.76.15', gateway: '192.168.76.2', dns: '192.168.76.3', network: '192.168.76.0/24' };
const PRIVATE_PREFIX = 16;
/** The ports of an instance that are reachable, on its loopback address. */
const PORTS = [22, 80, 9000];

interface Machine {
  readonly folder: string;
  process: ChildProcess | undefined;
}

/**
 * A real virtual machine for each instance: it boots with the instance's user data and key pair through cloud-init, creates its
 * host key and prints it to the console. Its public address is one of this computer's loopback addresses.
 */
export class VirtualMachines implements MachinePark {
  readonly #root = mkdtempSync(join(tmpdir(), 'swarmup-ec2-'));
  readonly #machines = new Map<string, Machine>();
  readonly #image: BootImage;
  readonly #qemu: string;
  readonly #multicast = `230.${100 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 250)}.7:${20_000 + Math.floor(Math.random() * 10_000)}`;

  private constructor(image: BootImage, qemu: string) {
    this.#image = image;
    this.#qemu = qemu;
  }

  /** Builds the image that the instances boot, with cloud-init and Docker inside. */
  static async open(): Promise<VirtualMachines> {
    const local = localCommands(() => undefined, process.env);
    const tools = await findTools({ local, root: true, mayInstall: true }, quiet());
    return new VirtualMachines(await cloudImage(), tools.platform.binary);
  }

  async boot(instance: Instance): Promise<void> {
    const folder = join(this.#root, instance.id);
    const seed = join(folder, 'seed');
    mkdirSync(seed, { recursive: true });
    writeFileSync(join(seed, 'user-data'), instance.userData);
    const metadata = {
      'instance-id': instance.id,
      'local-hostname': hostOf(instance),
      'public-keys': [instance.publicKey],
    };
    writeFileSync(join(seed, 'meta-data'), JSON.stringify(metadata));
    writeFileSync(join(seed, 'network-config'), JSON.stringify(network(instance)));
    execFileSync('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      this.#image.disk,
      '-F',
      this.#image.format,
      join(folder, 'disk'),
      '10G',
    ]);
    this.#machines.set(instance.id, { folder, process: undefined });
    await this.start(instance);
  }

  async start(instance: Instance): Promise<void> {
    const machine = this.#get(instance);
    const child = spawn(this.#qemu, this.#arguments(instance, machine.folder), { stdio: ['ignore', 'ignore', 'pipe'] });
    machine.process = child;
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    // It either ends at once, or opens its control socket.
    while (!(await exists(join(machine.folder, 'qmp')))) {
      if (child.exitCode !== null) throw new Error(`the machine of ${instance.node} ended: ${said}`);
      await systemClock.sleep(50, new AbortController().signal);
    }
  }

  async stop(instance: Instance, force: boolean): Promise<void> {
    const machine = this.#get(instance);
    const child = machine.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (force) child.kill('SIGKILL');
    else await qmp(join(machine.folder, 'qmp'), [{ execute: 'system_powerdown' }]);
    await ended;
    rmSync(join(machine.folder, 'qmp'), { force: true });
    machine.process = undefined;
  }

  async terminate(instance: Instance): Promise<void> {
    await this.stop(instance, true);
    rmSync(this.#get(instance).folder, { recursive: true, force: true });
  }

  console(instance: Instance): Promise<string> {
    return Promise.resolve(readFileSync(join(this.#get(instance).folder, 'console'), 'latin1'));
  }

  async close(): Promise<void> {
    for (const { process: child } of this.#machines.values()) {
      if (!child || child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    this.#machines.clear();
    rmSync(this.#root, { recursive: true, force: true });
  }

  #arguments(instance: Instance, folder: string): string[] {
    const forwards = PORTS.map((port) => `,hostfwd=tcp:${instance.publicAddress}:${port}-:${port}`).join('');
    return [
      ['-name', `guest=ec2/${instance.node}`, '-nodefaults', '-display', 'none', '-no-user-config'],
      ['-machine', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'qemu64', '-smp', '1', '-m', '1024'],
      ['-kernel', this.#image.kernel ?? '', '-initrd', this.#image.initrd ?? '', '-append', KERNEL_ARGUMENTS],
      ['-serial', `file:${join(folder, 'console')}`, '-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`],
      ['-drive', `file=${join(folder, 'disk')},format=qcow2,if=virtio,cache=unsafe,discard=unmap`],
      ['-drive', `driver=vvfat,dir=${join(folder, 'seed')},label=CIDATA,read-only=on,if=virtio`],
      ['-netdev', `user,id=uplink,net=${UPLINK.network}${forwards}`],
      ['-device', `virtio-net-pci,netdev=uplink,mac=${mac(instance, 'uplink')},romfile=`],
      ['-netdev', `socket,id=private,mcast=${this.#multicast},localaddr=127.0.0.1`],
      ['-device', `virtio-net-pci,netdev=private,mac=${mac(instance, 'private')},romfile=`],
      ['-device', 'virtio-rng-pci'],
    ].flat();
  }

  #get({ id, node }: Instance): Machine {
    const machine = this.#machines.get(id);
    if (!machine) throw new Error(`${node} has no machine`);
    return machine;
  }
}

/** EC2's default name of a machine. */
function hostOf({ privateAddress }: Instance): string {
  return `ip-${privateAddress.replaceAll('.', '-')}`;
}

function mac({ id }: Instance, network: string): string {
  const hex = createHash('sha256').update(`${id} ${network}`).digest('hex');
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** EC2's machines have one interface with the private address; the other is how this computer reaches them. */
function network(instance: Instance): object {
  return {
    version: 2,
    ethernets: {
      uplink: {
        match: { macaddress: mac(instance, 'uplink') },
        addresses: [`${UPLINK.guest}/24`],
        gateway4: UPLINK.gateway,
        nameservers: { addresses: [UPLINK.dns] },
      },
      private: {
        match: { macaddress: mac(instance, 'private') },
        addresses: [`${instance.privateAddress}/${PRIVATE_PREFIX}`],
      },
    },
  };
}
