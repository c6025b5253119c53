import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { RunCluster } from '../../lib/contracts/run-cluster.ts';
import type { Machines } from '../../lib/contracts/machines.ts';
import type { Remote } from '../../lib/contracts/remote.ts';
import { created, removed, step, updated } from '../../lib/contracts/change.ts';
import type { RunContext } from '../../lib/contracts/context.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import type { Event, RunResult } from '../../lib/contracts/events.ts';
import { layOut, type Selection } from '../../lib/pipeline/graph.ts';
import { machineTable } from '../../lib/providers/machine-table.ts';
import { runUnits } from '../../lib/pipeline/run-units.ts';
import type { Machine, Provider } from '../../lib/contracts/provider.ts';
import { DockerEngine } from '../../lib/remote/engine.ts';
import type { Engine } from '../../lib/contracts/engine.ts';
import type { Host } from '../../lib/contracts/host.ts';
import type { HttpClient } from '../../lib/contracts/http.ts';
import type { Images } from '../../lib/contracts/images.ts';
import { Secret } from '../../lib/util/secret.ts';
import type { StateFolder } from '../../lib/util/state-folder.ts';
import { swarmAccess } from '../../lib/swarm/access.ts';
import type { Finding, Preflight } from '../../lib/contracts/preflight.ts';
import { KeyedMutex } from '../../lib/async/keyed-mutex.ts';
import { loadTasks } from '../../lib/session/load-tasks.ts';
import { pipelines } from '../../Taskfile.ts';
import { FakeEngineFiles } from './engine-files.ts';
import { fakeClock } from './clock.ts';
import { FakeSwarm } from './swarm.ts';
import { unpacked } from './stack-files.ts';
import { strict } from './strict.ts';

/** The copy of a manager's swarm folder that a back-up makes. */
const COPY = '/var/lib/docker/swarmup-backup';

/** A world saved to a file. */
export interface WorldSnapshot extends Pick<FakeWorld, 'machines' | 'passwords' | 'locks' | 'bare' | 'prepared'> {
  readonly swarm: ReturnType<FakeSwarm['snapshot']>;
}

/** Machines, engines and HTTP of a cluster, all in memory: for speed, and for faults that can't be provoked. */
export class FakeWorld {
  readonly swarm = new FakeSwarm();
  readonly machines = new Map<string, Machine>();
  readonly passwords = new Map<string, string>();
  readonly engineFiles = new FakeEngineFiles();
  /** The current password of Portainer's administrator; undefined: the kept one. */
  portainerPassword: string | undefined;
  /** Locks on machines, by machine and file; ages in seconds. */
  readonly locks = new Map<string, { readonly token: string; readonly owner: string; readonly age: number }>();
  /** Running machines that refuse logins: how many more attempts each refuses. */
  readonly booting = new Map<string, number>();
  /** Nodes whose machines come without Docker. */
  bare = false;
  /** Machines that differ from the file. */
  readonly differing = new Set<string>();
  /** The resources that machines share exist. */
  prepared = false;
  /** Findings about existing hosts. */
  readonly findings: Finding[] = [];
  /** What `ip route` prints on machines, by their names. */
  readonly routes = new Map<string, string>();
  /** The MTU of machines' interfaces, by their names; default: 1500. */
  readonly mtus = new Map<string, number>();
  /** Faults to inject: called before each thing a test may want to break. */
  fault: (what: string) => void = () => undefined;
  /** The engine versions in the hosts' package sources, the newest first. */
  readonly packages = new Set(['26.1.5+dfsg1', '20.10.24+dfsg1']);
  readonly events: Event[] = [];
  /** Images that can be built here. */
  readonly buildable = new Set<string>();
  /** The environment of swarmup. */
  env: Readonly<Record<string, string>> = {};

  /** The whole state, as JSON. */
  snapshot(): WorldSnapshot {
    const { machines, passwords, locks, bare, prepared } = this;
    return { machines, passwords, locks, bare, prepared, swarm: this.swarm.snapshot() };
  }

  restore(from: WorldSnapshot): void {
    for (const key of ['machines', 'passwords', 'locks'] as const) {
      this[key].clear();
      for (const [name, value] of from[key]) (this[key] as Map<string, unknown>).set(name, value);
    }
    this.bare = from.bare;
    this.prepared = from.prepared;
    this.swarm.restore(from.swarm);
  }

  /** Adds a host that exists before the run, and stays. */
  keep(name: string, address: string, hostname = name): void {
    const ssh = { host: address, port: 22, user: 'admin', identityFiles: ['/none'], hostKey: 'ssh-ed25519 AAAA' };
    this.machines.set(name, { name, state: 'running', address, ssh, external: true });
    this.swarm.add(name, address, !this.bare).hostname = hostname;
  }

  /** Runs a pipeline as the command line does: a new run without knowledge of earlier ones. */
  async run(
    pipeline: keyof typeof pipelines,
    cluster: RunCluster,
    options: {
      mode?: 'apply' | 'plan' | 'check';
      selection?: Selection;
      signal?: AbortSignal;
      shuffle?: (ids: string[]) => string[];
      keepGoing?: boolean;
      prune?: boolean;
      changesNothing?: boolean;
    } = {},
  ): Promise<RunResult> {
    const mode = options.mode ?? 'apply';
    const ids: string[] = [...pipelines[pipeline]];
    const tasks = (await loadTasks(options.shuffle ? options.shuffle(ids) : ids)).filter(
      (task) => mode !== 'plan' || !task.verifies,
    );
    const context = this.context(cluster);
    const units = layOut(tasks, cluster, context.world, options.selection);
    this.events.length = 0;
    return runUnits(units, {
      pipeline,
      mode,
      context,
      emit: (event) => this.events.push({ ...event, at: context.clock.now() }),
      signal: options.signal ?? new AbortController().signal,
      keepGoing: options.keepGoing ?? false,
      prune: options.prune ?? false,
      changesNothing: options.changesNothing ?? false,
    });
  }

  context(cluster: RunCluster): RunContext {
    const machines = machineTable([...this.machines.values()]);
    const remote = this.#remote(machines);
    const clock = fakeClock();
    return {
      cluster,
      provider: this.provider(),
      world: { before: new Map(this.machines), shares: ![...this.machines.values()].some(({ external }) => external) },
      machines,
      remote,
      swarm: swarmAccess(cluster, { remote, machines }, clock),
      http: this.#http(cluster),
      images: strict<Images>('images', {
        canBuild: (image) => this.buildable.has(image),
        contents: async () => [],
        credentials: async () => undefined,
      }),
      state: strict<StateFolder>('state folder', {
        path: cluster.stateDir,
        file: (...parts) => [cluster.stateDir, ...parts].join('/'),
        exists: async () => [...this.machines.values()].some(({ external }) => !external),
        remove: async () => {
          for (const { name, external } of this.machines.values()) if (!external) this.machines.delete(name);
        },
        password: async (name) =>
          new Secret(
            this.passwords.get(name)?.trim() ?? (this.passwords.set(name, 'generated-password'), 'generated-password'),
          ),
        read: async (name) => this.passwords.get(name ?? ''),
        write: async (text, name) => void this.passwords.set(name ?? '', text),
        forget: async (name) => void this.passwords.delete(name ?? ''),
      }),
      preflight: strict<Preflight>('preflight', {
        look: async () => ({
          survey: { cluster, hosts: [], unreachable: new Map(), links: [], members: new Map() },
          findings: this.findings,
        }),
      }),
      mutex: new KeyedMutex(),
      clock,
      env: this.env,
    };
  }

  provider(): Provider {
    return {
      list: async (_signal, names) =>
        [...this.machines.values()].filter((machine) => names?.includes(machine.name) ?? true),
      plan: (node, machine) =>
        machine
          ? machine.state === 'stopped'
            ? [step(['machines', node.name], 'start')]
            : this.differing.has(node.name)
              ? [updated(['machines', node.name], { type: 'small' }, { type: 'large' }, { replace: true })]
              : []
          : [created(['machines', node.name])],
      create: async (node) => {
        this.fault(`create ${node.name}`);
        const known = this.machines.get(node.name);
        if (known?.external) throw new Error(`the fake was asked to make ${node.name}, which is there`);
        const index = this.machines.size;
        const address = known?.address ?? `192.168.${100 + Math.floor(index / 250)}.${(index % 250) + 1}`;
        const ssh = {
          host: '127.0.0.1',
          port: 22,
          user: 'root',
          identityFiles: ['/none'],
          hostKey: 'ssh-ed25519 AAAA',
        };
        const machine: Machine = { name: node.name, state: 'running', address, ssh };
        this.machines.set(node.name, machine);
        if (!known) this.swarm.add(node.name, address, !this.bare);
        else this.swarm.regain(node.name);
        return machine;
      },
      stop: async (name) => {
        const machine = this.machines.get(name);
        if (machine) this.machines.set(name, { ...machine, state: 'stopped' });
      },
      cutPower: async (name) => {
        const machine = this.machines.get(name);
        if (!machine) return;
        this.machines.set(name, { ...machine, state: 'stopped' });
        this.swarm.lose(name);
      },
      destroy: async (name) => {
        this.fault(`destroy ${name}`);
        // For a host that stays, only its connection is forgotten.
        const kept = this.machines.get(name)?.external;
        this.machines.delete(name);
        if (kept) return;
        this.differing.delete(name);
        this.swarm.remove(name);
      },
      destroyShared: async () => {
        this.prepared = false;
        return [];
      },
      shared: {
        plan: async () => (this.prepared ? [] : [created(['keyPairs', 'test'])]),
        apply: async () => {
          this.fault('prepare');
          if (this.prepared) throw new Error('the fake cloud was asked for a second key pair');
          this.prepared = true;
        },
        leftovers: async () => (this.prepared ? [removed(['keyPairs', 'test'])] : []),
      },
      endpoint: (machine, port) => ({ host: machine.name, port }),
    };
  }

  #remote(machines: Machines): Remote {
    const engine = async (node: string): Promise<Engine> => {
      machines.running(node);
      this.fault(`engine ${node}`);
      const state = this.swarm.engines.get(node);
      if (!state?.installed || state.stopped) {
        throw new SwarmupError('ENGINE_UNREACHABLE', `${node}: the Docker Engine doesn't answer`, {
          fix: 'install it',
        });
      }
      return new DockerEngine(node, this.swarm.docker(node), (event) => {
        if (event.type === 'engine-asked') this.fault(`${node} was asked to ${event.what}`);
      });
    };
    const answers = async (node: string) => (machines.running(node), !this.booting.get(node));
    const host = async (node: string) => {
      machines.running(node);
      const refusals = this.booting.get(node) ?? 0;
      if (refusals === 0) return this.#host(node);
      this.booting.set(node, refusals - 1);
      throw new SwarmupError('SSH_UNREACHABLE', `${node}: no SSH connection`, { fix: 'wait' });
    };
    return {
      answers,
      engine,
      host,
      close: async () => undefined,
    };
  }

  /** Knows the few commands that tasks run on hosts; any other is an error. */
  #host(name: string): Host {
    return strict<Host>('host', {
      name,
      run: async (argv, options = {}) => {
        const command = argv.join(' ');
        this.fault(`${name}: ${command}`);
        const ok = (stdout = '') => ({ exitCode: 0, stdout, stderr: '' });
        const own = this.swarm.engines.get(name);
        if (argv[0] === 'sh' && command.includes('/etc/os-release')) {
          const service = own?.installed ? 'LoadState=loaded' : 'LoadState=not-found';
          const system = ['ID=debian\nVERSION_CODENAME=trixie', `${service}\nActiveState=inactive`];
          const known = [...system, ...this.engineFiles.answers(name)];
          return ok(answered(argv.slice(4).map((_, i) => known[i] ?? '')));
        }
        if (argv[0] === 'sh' && command.includes('cat /etc/docker/daemon.json')) {
          return ok(answered(this.engineFiles.answers(name)));
        }
        if (command.includes('/proc/locks')) return ok(answered(['']));
        if (argv[0] === 'sh' && command.includes('ip -o -4 address show')) {
          const address = `2: eth1    inet ${own?.address}/24 scope global eth1`;
          const known = [address, `/sys/class/net/eth1/mtu:${this.mtus.get(name) ?? 1500}`];
          return ok(answered(known));
        }
        const configured = this.engineFiles.run(name, argv, options);
        if (configured) return configured;
        const how = /systemctl (restart|reload) docker/.exec(command)?.[1];
        if (how !== undefined) {
          this.engineFiles.start(name, command.includes('reset-failed') ? 'revive' : how);
          return ok();
        }
        if (argv[0] === 'sh' && command.includes('ip -4 route show')) {
          return ok(answered(argv.slice(4).map(() => this.routes.get(name) ?? '')));
        }
        if (command.includes('systemctl stop docker')) {
          if (own) own.stopped = true;
          this.swarm.writes.push(`${name} stopped`);
          return ok();
        }
        if (argv[0] === 'sh' && argv.at(-1) === COPY) {
          if (command.includes('cp -a') && !own?.stopped) throw new Error('the Raft log is read while it is written');
          return ok();
        }
        if (command === `tar -C ${COPY} --exclude=*.tmp -cz swarm`) {
          options.output?.write(`the Raft log of ${name}`);
          return ok();
        }
        if (argv[0] === 'tar' && argv.includes('-xz')) {
          await text(options.input as Readable);
          // The Raft log of an empty swarm.
          if (own) own.stopped = false;
          await this.swarm.docker(name).swarmInit({ AdvertiseAddr: this.machines.get(name)?.address ?? '' });
          if (own) own.stopped = true;
          return ok();
        }
        if (command === 'rm -rf /var/lib/docker/swarm') return ok();
        if (command === `rm -rf ${COPY}`) {
          this.swarm.writes.push(`${name} copy removed`);
          return ok();
        }
        if (command.includes('systemctl enable --now docker')) {
          if (own) own.stopped = false;
          return ok();
        }
        if (command === 'cat /var/lib/docker/swarm/certificates/swarm-node.key')
          return ok('-----BEGIN EC PRIVATE KEY-----\n');
        if (argv[0] === 'dpkg-query') return ok('ii base-files\n');
        if (command === 'cat /var/lib/swarmup/docker.json') return { ...ok(), exitCode: 1 };
        if (command.endsWith('/var/lib/swarmup') || command === 'tee /var/lib/swarmup/docker.json') return ok();
        if (command.includes('apt-get update')) return ok();
        if (argv[0] === 'apt-cache')
          return ok(
            [...this.packages]
              .flatMap((version) => [
                `docker.io | ${version}-9 | mirror trixie/main`,
                `docker-cli | ${version}-9 | mirror trixie/main`,
              ])
              .join('\n'),
          );
        if (argv[0] === 'apt-mark' || command.includes('--download-only')) return ok();
        if (command.includes('apt-get install')) {
          const pinned = /docker\.io=(\S+)-9/.exec(command)?.[1];
          this.swarm.upgrade(name, pinned ?? [...this.packages][0] ?? '');
          return ok();
        }
        if (command === 'docker --version') return ok(`Docker version ${own?.version}, build 1234567\n`);
        if (argv[3] === 'swarmup-lock') return ok(this.#lockStep(name, argv.slice(4)));
        if (command.startsWith('docker stack rm')) {
          this.swarm.removeStack(argv.at(-1) ?? '');
          return ok();
        }
        if (argv[3] === 'swarmup-stack') {
          this.swarm.deployStack(argv.at(-1) ?? '', await unpacked(argv.slice(4), options.input));
          return ok();
        }
        throw new Error(`the fake host was asked to run '${command}', which it doesn't know`);
      },
    });
  }

  /** Simulates lib/lock/remote.ts's script on a manager; test/ssh tests the script itself. */
  #lockStep(name: string, [action, file = '', token = '', owner = '', seconds, dead]: readonly string[]): string {
    const key = `${name}:${file}`;
    const held = this.locks.get(key);
    if (action === 'show') return held ? `held ${held.age}\n${held.owner}\n` : 'free\n';
    if (action === 'beat') {
      if (held && held.token !== token) return `lost\n${held.owner}\n`;
      this.locks.set(key, { token, owner, age: 0 });
      return 'taken\n';
    }
    if (action === 'release' || action === 'remove') {
      if (action === 'remove' || held?.token === token) this.locks.delete(key);
      return 'free\n';
    }
    if (action !== 'take') throw new Error(`the fake host's lock was asked to '${action}'`);
    if (held && held.token !== token && !dead?.split(' ').includes(held.token) && held.age < Number(seconds))
      return `held ${held.age}\n${held.owner}\n`;
    this.locks.set(key, { token, owner, age: 0 });
    return held ? `over ${held.age}\n${held.owner}\n` : 'taken\n';
  }

  #http(cluster: RunCluster): HttpClient {
    return {
      ask: async ({ host, port, path, body, headers }) => {
        this.fault(`http ${host}:${port}${path}`);
        const json = (status: number, value: unknown) => ({ status, headers: {}, body: JSON.stringify(value) });
        if (port !== cluster.portainer?.port) return { status: 200, headers: {}, body: 'Welcome to nginx!' };
        if (path === '/api/status') return json(200, { Version: '2.33.6' });
        if (path === '/api/auth')
          return JSON.parse(body ?? '{}').password ===
            (this.portainerPassword ?? this.passwords.get('portainer-admin-password')?.trim())
            ? json(200, { jwt: 'token' })
            : json(422, {});
        if (headers?.['authorization'] !== 'Bearer token') return json(401, {});
        if (path === '/api/users/me') return json(200, { Id: 1 });
        if (path === '/api/users/1/passwd') {
          this.portainerPassword = JSON.parse(body ?? '{}').newPassword;
          return json(204, null);
        }
        if (path === '/api/endpoints') return json(200, [{ Id: 1, Name: 'primary', URL: 'tcp://tasks.agent:9001' }]);
        const active = this.swarm.nodes.filter((node) => node.Spec.Availability === 'active');
        if (path === '/api/endpoints/1/docker/v2/agents')
          return json(
            200,
            active.map((node) => ({ NodeName: node.Description.Hostname })),
          );
        throw new Error(`the fake Portainer was asked for ${path}`);
      },
    };
  }
}

/** Answers of a host, each behind a marker line that the host makes up: lib/remote/gather-facts.ts. */
function answered(answers: readonly string[]): string {
  return answers.map((one) => `\nswarmup-facts-${'0'.repeat(36)}\n${one}`).join('');
}
