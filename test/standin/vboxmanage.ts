import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/**
 * Stands in for VBoxManage where VirtualBox can't run: the commands that swarmup uses, with only the options in the manual,
 * in the sequences that VirtualBox allows, and with its error messages. Machines run in QEMU or, when there is nothing to
 * boot, are a greeting in place of their SSH server.
 */
export interface StandInOptions {
  /** For instance 6.1.50 or 7.0.20. */
  readonly version: string;
  /** The image that machines boot. */
  readonly boot?: { readonly kernel: string; readonly initrd: string; readonly append: string };
}

export interface Vm {
  readonly uuid: string;
  readonly name: string;
  readonly group: string;
  readonly folder: string;
  readonly controllers: Record<string, Record<string, string>>;
  readonly settings: Record<string, string>;
  readonly extra: Record<string, string>;
  readonly snapshots: string[];
  /** The disk it is a linked clone of. */
  readonly parent?: string;
  pid?: number;
}

export interface State {
  vms: Vm[];
  interfaces: { name: string; ip: string; mask: string }[];
  extra: Record<string, string>;
}

class Refusal extends Error {}
const refuse = (message: string, code?: string): never => {
  throw new Refusal(
    `VBoxManage: error: ${message}${code ? `\nVBoxManage: error: Details: code ${code}, component VirtualBoxWrap, interface IVirtualBox, callee nsISupports` : ''}`,
  );
};
const syntax = (what: string): never => {
  throw new Refusal(`VBoxManage: error: Syntax error: ${what}`);
};

/** Splits arguments into options and the rest; refuses unknown options. */
function read(
  argv: readonly string[],
  allowed: readonly string[],
): { rest: string[]; options: Record<string, string> } {
  const options: Record<string, string> = {};
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('--')) {
      rest.push(word);
      continue;
    }
    const [key = '', inline] = word.split(/=(.*)/s);
    if (!allowed.includes(key)) syntax(`Unknown option: ${key}`);
    const flag = ['--register', '--delete', '--machinereadable'].includes(key);
    options[key.slice(2)] = flag ? '' : (inline ?? argv[++i] ?? syntax(`Missing value for ${key}`));
  }
  return { rest, options };
}

const find = (state: State, name: string | undefined): Vm =>
  state.vms.find((vm) => vm.name === name || vm.uuid === name) ??
  refuse(`Could not find a registered machine named '${name}'`, 'VBOX_E_OBJECT_NOT_FOUND (0x80bb0001)');

function alive(vm: Vm): boolean {
  try {
    return vm.pid !== undefined && readFileSync(`/proc/${vm.pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
}

const mustBeOff = (vm: Vm) =>
  alive(vm)
    ? refuse(
        `The machine '${vm.name}' is already locked for a session (or being unlocked)`,
        'VBOX_E_INVALID_OBJECT_STATE (0x80bb0007)',
      )
    : undefined;

function folderFor(base: string, group: string, name: string): string {
  const folder = join(base, group.slice(1), name);
  const settings = join(folder, `${name}.vbox`);
  if (existsSync(settings))
    refuse(`Machine settings file '${settings}' already exists`, 'VBOX_E_FILE_ERROR (0x80bb0004)');
  mkdirSync(folder, { recursive: true });
  writeFileSync(settings, '<VirtualBox/>');
  return folder;
}

const qemuImg = (...argv: string[]) => execFileSync('qemu-img', argv, { stdio: ['ignore', 'ignore', 'pipe'] });

function isPermitted(ip: string): boolean {
  const [a, b, c] = ip.split('.').map(Number);
  return a === 192 && b === 168 && (c ?? 0) >= 56 && (c ?? 0) <= 63;
}

function tapOf(vm: Vm): string {
  return `vb${createHash('sha256').update(vm.uuid).digest('hex').slice(0, 10)}`;
}

/** Removes a machine's interface, which outlives its process. */
export function removeTap(vm: Vm): void {
  execFileSync('sh', ['-c', `ip link show ${tapOf(vm)} >/dev/null 2>&1 && ip link del ${tapOf(vm)} || true`]);
}

/** A real machine: QEMU with the clone's disk, NAT, and the host-only network. */
function bootMachine(vm: Vm, bridge: string, boot: NonNullable<StandInOptions['boot']>): number {
  const tap = tapOf(vm);
  removeTap(vm);
  execFileSync('ip', ['tuntap', 'add', 'dev', tap, 'mode', 'tap']);
  execFileSync('ip', ['link', 'set', tap, 'master', bridge, 'up']);
  const colons = (mac: string | undefined) => (mac ?? '').replace(/(..)(?=.)/g, '$1:');
  const iso = vm.controllers['SATA']?.['1:dvddrive'];
  const { memory = '128', cpus = '1', macaddress1, macaddress2 } = vm.settings;
  rmSync(join(vm.folder, 'qmp'), { force: true });
  const argv = [
    ['-name', `guest=virtualbox/${vm.name}`, '-nodefaults', '-display', 'none', '-no-user-config'],
    ['-machine', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'qemu64', '-smp', cpus, '-m', memory],
    ['-kernel', boot.kernel, '-initrd', boot.initrd],
    ['-append', boot.append],
    ['-serial', `file:${join(vm.folder, 'console')}`, '-qmp', `unix:${join(vm.folder, 'qmp')},server=on,wait=off`],
    ['-drive', `file=${vm.controllers['SATA']?.['0:hdd']},format=qcow2,if=virtio,cache=unsafe`],
    iso === undefined ? [] : ['-drive', `file=${iso},format=raw,if=virtio,read-only=on`],
    [
      '-netdev',
      `user,id=nat,net=${vm.settings['natnet1'] ?? '10.0.2.0/24'}`,
      '-device',
      `virtio-net-pci,netdev=nat,mac=${colons(macaddress1)},romfile=`,
    ],
    ['-netdev', `tap,id=hostonly,ifname=${tap},script=no,downscript=no`],
    ['-device', `virtio-net-pci,netdev=hostonly,mac=${colons(macaddress2)},romfile=`],
    ['-device', 'virtio-rng-pci'],
  ].flat();
  return detached('qemu-system-x86_64', argv);
}

/** Not a machine: only the greeting of an SSH server at the guest's address from the seed. */
function bootGreeting(vm: Vm, bridge: string): number {
  const iso = readFileSync(vm.controllers['SATA']?.['1:dvddrive'] ?? '', 'latin1');
  const address = /"(192\.168\.[\d.]+)\/\d+"/.exec(iso)?.[1] ?? refuse('the seed has no address');
  execFileSync('ip', ['addr', 'replace', `${address}/32`, 'dev', bridge]);
  const script = `require('net').createServer((s) => s.on('error', () => 0).end('SSH-2.0-standin\\r\\n')).listen(22, '${address}')`;
  return detached(process.execPath, ['-e', script]);
}

function detached(program: string, argv: readonly string[]): number {
  const child = spawn(program, argv, { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'] } });
  child.unref();
  return child.pid ?? 0;
}

function pressPower(vm: Vm): void {
  const socket = join(vm.folder, 'qmp');
  if (!existsSync(socket)) return void process.kill(vm.pid ?? 0, 'SIGTERM');
  const monitor = connect(socket);
  monitor.write('{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}');
  monitor.on('data', (data) => (data.toString().includes('POWERDOWN') ? monitor.destroy() : undefined));
}

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A VirtualBox installation: its state and its command line. */
export class VirtualBox {
  readonly state: State = { vms: [], interfaces: [], extra: {} };
  /** A command that fails, and its error message. */
  fail: { readonly command: string; readonly words: string } | undefined;
  readonly #version: string;
  readonly #commands: Commands;

  constructor({ version, boot }: StandInOptions) {
    this.#version = version;
    this.#commands = commandsOf(this.state, version.startsWith('7'), boot);
  }

  run([command = '', ...argv]: readonly string[]): Answer {
    try {
      if (command === '--version') return { status: 0, stdout: `${this.#version}r163906\n`, stderr: '' };
      if (command === this.fail?.command) refuse(this.fail.words);
      const work = this.#commands[command] ?? syntax(`Invalid command '${command}'`);
      return { status: 0, stdout: work(argv), stderr: '' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: 1, stdout: '', stderr: `${error.message}\n` };
    }
  }
}

type Commands = Readonly<Record<string, (argv: readonly string[]) => string>>;

function commandsOf(current: State, seven: boolean, boot: StandInOptions['boot']): Commands {
  const locked = <T>(work: (state: State) => T): T => work(current);
  return {
    list: ([what, ...more]) => {
      if (more.length > 0) syntax(`Invalid parameter '${more[0]}'`);
      return locked((state) => {
        if (what === 'vms') return state.vms.map((vm) => `"${vm.name}" {${vm.uuid}}\n`).join('');
        if (what !== 'hostonlyifs') return syntax(`Invalid subcommand '${what}'`);
        return state.interfaces
          .map(
            ({ name, ip, mask }) =>
              `Name:            ${name}\nGUID:            786f6276-656e-4074-8000-0a0027000000\nDHCP:            Disabled\nIPAddress:       ${ip}\nNetworkMask:     ${mask}\nStatus:          Up\nVBoxNetworkName: HostInterfaceNetworking-${name}\n\n`,
          )
          .join('');
      });
    },
    hostonlyif: ([what, ...argv]) =>
      locked((state) => {
        if (what === 'create') {
          let i = 0;
          while (existsSync(`/sys/class/net/vboxnet${i}`)) i++;
          const name = `vboxnet${i}`;
          execFileSync('ip', ['link', 'add', name, 'type', 'bridge']);
          state.interfaces.push({ name, ip: '0.0.0.0', mask: '0.0.0.0' });
          return `0%...100%\nInterface '${name}' was successfully created\n`;
        }
        const { rest, options } = read(argv, ['--ip', '--netmask']);
        const found =
          state.interfaces.find(({ name }) => name === rest[0]) ??
          refuse(`The host network interface named '${rest[0]}' could not be found`, 'VBOX_E_OBJECT_NOT_FOUND');
        if (what === 'remove') {
          execFileSync('ip', ['link', 'del', found.name]);
          state.interfaces = state.interfaces.filter((one) => one !== found);
          return '0%...100%\n';
        }
        if (what !== 'ipconfig') return syntax(`Invalid subcommand '${what}'`);
        const { ip = '', netmask = '' } = options;
        if (!isPermitted(ip))
          return refuse(
            'Code E_ACCESSDENIED (0x80070005) - Access denied (extended info not available)\nVBoxManage: error: Context: "EnableStaticIPConfig(Bstr(pIp).raw(), Bstr(pNetmask).raw())" at line 242 of file VBoxManageHostonly.cpp',
          );
        Object.assign(found, { ip, mask: netmask });
        execFileSync('ip', ['addr', 'replace', `${ip}/24`, 'dev', found.name]);
        execFileSync('ip', ['link', 'set', found.name, 'up']);
        return '';
      }),
    createvm: (argv) => {
      const { rest, options } = read(argv, ['--name', '--ostype', '--groups', '--basefolder', '--register']);
      if (rest.length > 0 || !options['name']) syntax('Parameter --name is required');
      if (options['ostype'] !== 'Linux_64') refuse(`Guest OS type '${options['ostype']}' is invalid`);
      return locked((state) => {
        const { name = '', groups: group = '/', basefolder = '' } = options;
        const folder = folderFor(basefolder, group, name);
        const uuid = randomUUID();
        state.vms.push({ uuid, name, group, folder, controllers: {}, settings: {}, extra: {}, snapshots: [] });
        return `Virtual machine '${name}' is created and registered.\nUUID: ${uuid}\n`;
      });
    },
    convertfromraw: (argv) => {
      const { rest, options } = read(argv, ['--format', '--variant', '--uuid']);
      const [from = '', to = ''] = rest;
      if (options['format'] !== 'VDI') syntax('--format');
      if (!existsSync(from)) refuse(`Cannot open file "${from}": No such file or directory`);
      qemuImg('create', '-q', '-f', 'qcow2', '-b', from, '-F', 'raw', to);
      return `Converting from raw image file="${from}" to file="${to}"...\n`;
    },
    modifymedium: (argv) => {
      const { rest, options } = read(argv, ['--resize']);
      const [kind, medium = ''] = rest;
      if (kind !== 'disk') syntax('Invalid medium type');
      qemuImg('resize', '-q', '-f', 'qcow2', medium, `${options['resize']}M`);
      return '0%...100%\n';
    },
    storagectl: (argv) => {
      const { rest, options } = read(argv, ['--name', '--add', '--controller', '--portcount', '--bootable']);
      return locked((state) => {
        const vm = find(state, rest[0]);
        mustBeOff(vm);
        if (vm.controllers[options['name'] ?? ''])
          refuse(`Storage controller named '${options['name']}' already exists`, 'VBOX_E_OBJECT_IN_USE');
        vm.controllers[options['name'] ?? ''] = {};
        return '';
      });
    },
    storageattach: (argv) => {
      const { rest, options } = read(argv, ['--storagectl', '--port', '--device', '--type', '--medium']);
      return locked((state) => {
        const vm = find(state, rest[0]);
        mustBeOff(vm);
        const { storagectl = '', port = '', type = '', medium = '' } = options;
        const controller =
          vm.controllers[storagectl] ??
          refuse(`Could not find a storage controller named '${storagectl}'`, 'VBOX_E_OBJECT_NOT_FOUND');
        if (!existsSync(medium))
          refuse(`Could not find file for the medium '${medium}' (VERR_FILE_NOT_FOUND)`, 'VBOX_E_FILE_ERROR');
        if (type !== 'hdd' && type !== 'dvddrive') syntax(`Invalid --type argument '${type}'`);
        controller[`${port}:${type}`] = medium;
        return '';
      });
    },
    snapshot: ([name, action, ...argv]) => {
      const { rest } = read(argv, []);
      if (action !== 'take' || !rest[0]) syntax('snapshot take NAME');
      return locked((state) => {
        const vm = find(state, name);
        mustBeOff(vm);
        if (!Object.values(vm.controllers).some((ports) => ports['0:hdd'])) refuse('Nothing to take a snapshot of');
        vm.snapshots.push(rest[0] ?? '');
        return `0%...100%\nSnapshot taken. UUID: ${randomUUID()}\n`;
      });
    },
    clonevm: (argv) => {
      const { rest, options } = read(argv, [
        '--snapshot',
        '--options',
        '--name',
        '--groups',
        '--basefolder',
        '--register',
        '--mode',
        '--uuid',
      ]);
      return locked((state) => {
        const base = find(state, rest[0]);
        const { snapshot = '', name = '', groups: group = '/', basefolder = '' } = options;
        if (options['options']?.toLowerCase() !== 'link') syntax('--options');
        // Only a snapshot can be the parent of a linked clone.
        if (!base.snapshots.includes(snapshot))
          refuse(`Could not find a snapshot named '${snapshot}'`, 'VBOX_E_OBJECT_NOT_FOUND');
        const folder = folderFor(basefolder, group, name);
        const parent = base.controllers['SATA']?.['0:hdd'] ?? '';
        const disk = join(folder, `{${randomUUID()}}.vdi`);
        qemuImg('create', '-q', '-f', 'qcow2', '-b', parent, '-F', 'qcow2', disk);
        const uuid = randomUUID();
        state.vms.push({
          uuid,
          name,
          group,
          folder,
          parent,
          controllers: { SATA: { '0:hdd': disk } },
          settings: { ...base.settings },
          extra: {},
          snapshots: [],
        });
        return `0%...100%\nMachine has been successfully cloned as "${name}"\n`;
      });
    },
    modifyvm: (argv) => {
      const nic = seven
        ? ['--nic-type', '--mac-address', '--host-only-adapter', '--nat-net']
        : ['--nictype', '--macaddress', '--hostonlyadapter', '--natnet'];
      const numbered = ['--nic', ...nic].flatMap((option) => [1, 2].map((i) => `${option}${i}`));
      const audio = seven ? '--audio-enabled' : '--audio';
      const { rest, options } = read(argv, ['--cpus', '--memory', '--ioapic', audio, ...numbered]);
      return locked((state) => {
        const vm = find(state, rest[0]);
        mustBeOff(vm);
        for (const [key, value] of Object.entries(options)) {
          if (key.startsWith('mac') && !/^0800?27[0-9A-F]{6}$|^[0-9A-F]{12}$/.test(value))
            refuse(`Invalid MAC address format '${value}'`, 'E_INVALIDARG');
          vm.settings[key.replaceAll('-', '')] = value;
        }
        return '';
      });
    },
    setextradata: ([name, key = '', value]) =>
      locked((state) => {
        const extra = name === 'global' ? state.extra : find(state, name).extra;
        if (value === undefined) delete extra[key];
        else extra[key] = value;
        return '';
      }),
    getextradata: ([name, key = '']) =>
      locked((state) => {
        const extra = name === 'global' ? state.extra : find(state, name).extra;
        if (key === 'enumerate')
          return Object.entries(extra)
            .map(([k, v]) => `Key: ${k}, Value: ${v}\n`)
            .join('');
        return extra[key] === undefined ? 'No value set!\n' : `Value: ${extra[key]}\n`;
      }),
    showvminfo: (argv) => {
      const { rest, options } = read(argv, ['--machinereadable']);
      if (options['machinereadable'] === undefined) syntax('only --machinereadable is stood in for');
      return locked((state) => {
        const vm = find(state, rest[0]);
        const snapshots = vm.snapshots.map((name) => `SnapshotName="${name}"\n`).join('');
        return `name="${vm.name}"\ngroups="${vm.group}"\nostype="Other Linux (64-bit)"\nUUID="${vm.uuid}"\nmemory=${vm.settings['memory'] ?? 128}\ncpus=${vm.settings['cpus'] ?? 1}\nVMState="${alive(vm) ? 'running' : 'poweroff'}"\n${snapshots}`;
      });
    },
    startvm: (argv) => {
      const { rest, options } = read(argv, ['--type']);
      if (options['type'] !== 'headless') syntax('--type');
      return locked((state) => {
        const vm = find(state, rest[0]);
        mustBeOff(vm);
        const adapter = vm.settings['hostonlyadapter2'];
        if (!state.interfaces.some(({ name }) => name === adapter))
          refuse(
            `Nonexistent host networking interface, name '${adapter}' (VERR_INTERNAL_ERROR)`,
            'NS_ERROR_FAILURE (0x80004005)',
          );
        vm.pid = boot ? bootMachine(vm, adapter ?? '', boot) : bootGreeting(vm, adapter ?? '');
        return `Waiting for VM "${vm.name}" to power on...\nVM "${vm.name}" has been successfully started.\n`;
      });
    },
    controlvm: ([name, action]) =>
      locked((state) => {
        const vm = find(state, name);
        if (!alive(vm)) refuse(`Machine '${vm.name}' is not currently running.`, 'VBOX_E_VM_ERROR');
        if (action === 'poweroff') process.kill(vm.pid ?? 0, 'SIGKILL');
        else if (action === 'acpipowerbutton') pressPower(vm);
        else syntax(`Invalid parameter '${action}'`);
        if (action === 'poweroff') while (alive(vm)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        return '0%...100%\n';
      }),
    unregistervm: (argv) => {
      const { rest, options } = read(argv, ['--delete']);
      return locked((state) => {
        const vm = find(state, rest[0]);
        mustBeOff(vm);
        const disk = vm.controllers['SATA']?.['0:hdd'];
        const children = state.vms.filter((other) => other.parent !== undefined && other.parent === disk);
        if (children.length > 0)
          refuse(
            `Cannot close medium '${disk}' because it has ${children.length} child media`,
            'VBOX_E_OBJECT_IN_USE (0x80bb000c)',
          );
        state.vms = state.vms.filter((other) => other !== vm);
        removeTap(vm);
        if (options['delete'] !== undefined) rmSync(vm.folder, { recursive: true, force: true });
        return '0%...100%\n';
      });
    },
  };
}
