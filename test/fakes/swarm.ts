import type Docker from 'dockerode';
import { Readable } from 'node:stream';
import type { ComposeConfig } from '../../lib/compose/types.ts';
import { ownNames } from '../../lib/swarm/stack-spec/names.ts';
import { stackServiceSpec } from '../../lib/swarm/stack-spec/service.ts';
import { fitsNode } from '../../lib/swarm/placement.ts';
import { isJob } from '../../lib/swarm/ending.ts';
import { hasEnded, isComplete, newest } from '../../lib/swarm/tasks.ts';
import { digestOf, exact, tagged } from '../../lib/util/image-reference.ts';
import type { Rotation, SwarmSpec } from '../../lib/swarm/settings.ts';
import type {
  ServiceSpecification,
  SwarmNode,
  SwarmService,
  SwarmTask,
  TaskTemplate,
} from '../../lib/contracts/swarm-types.ts';
import { filtered, filteredTasks, framed } from './answers.ts';
import { containerOf, FakeEnding, type Ends } from './ending.ts';
import { modemOf } from './modem.ts';
import { FakeObjects } from './objects.ts';
import { engineError, strict } from './strict.ts';

const VERSION = '26.1.5+dfsg1';

interface SwarmUpdate {
  readonly _query: Rotation;
  readonly _body: SwarmSpec;
}

interface ServiceUpdate {
  readonly _query: { readonly version: number; readonly rollback?: 'previous' };
  readonly _body: ServiceSpecification;
}

interface SwarmInit {
  readonly AdvertiseAddr: string;
  readonly ForceNewCluster?: boolean;
  readonly DefaultAddrPool?: readonly string[];
  readonly SubnetSize?: number;
  readonly Spec?: { readonly Labels?: Record<string, string> };
}

/** Source: swarmkit, manager/controlapi/service.go, checkPortConflicts. */
function refusePorts(services: readonly SwarmService[], spec: ServiceSpecification, own?: string): void {
  for (const wanted of spec.EndpointSpec?.Ports ?? [])
    for (const { ID, Spec } of services.filter((one) => one.ID !== own))
      for (const held of Spec.EndpointSpec?.Ports ?? []) {
        const isSame = held.PublishedPort === wanted.PublishedPort && held.Protocol === wanted.Protocol;
        const modes = [held.PublishMode, wanted.PublishMode];
        if (!wanted.PublishedPort || !isSame || modes.every((mode) => mode === 'host')) continue;
        const as = held.PublishMode === 'host' ? 'a host-published port' : 'an ingress port';
        throw engineError(
          400,
          `rpc error: code = InvalidArgument desc = port '${held.PublishedPort}' is already in use by service '${Spec.Name}' (${ID}) as ${as}`,
        );
      }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One engine of the simulated swarm. */
export interface FakeEngineState {
  readonly name: string;
  readonly address: string;
  /** The machine's host name; default: its name. */
  hostname?: string;
  /** How many times `docker swarm leave` times out. */
  lateToLeave?: number;
  installed: boolean;
  version: string;
  /** Installed, but not running. */
  stopped: boolean;
  swarmNodeId: string;
  /** It belongs to another swarm. */
  foreign: boolean;
  /** It is still in the swarm from before a recovery, as the node with this id. */
  before?: string;
  /** A manager that restarted with autolock on. */
  locked?: boolean;
  /** The leader can't connect to the address that it advertises. */
  cutOffFromLeader?: boolean;
  /** What joining fails with, once for each. */
  joinFailures?: string[];
  /** It ran out of time while joining, and then failed with these words. */
  gaveUp?: string;
  /** Its certificate expired while it was off: what the engine says. */
  expired?: string;
  /** A manager whose engine restarted while there was no leader: it stays pending until there is one. */
  restarted?: boolean;
  /** The proxy in its environment. */
  proxy?: string;
  readonly images: Map<string, readonly string[]>;
}

/** A swarm in memory, with the real rules that swarmup relies on. Tasks run as soon as they are placed. */
export class FakeSwarm {
  readonly engines = new Map<string, FakeEngineState>();
  readonly nodes: SwarmNode[] = [];
  readonly services: Mutable<SwarmService>[] = [];
  /** Secrets, configs and networks. */
  readonly objects = new FakeObjects();
  tasks: SwarmTask[] = [];
  clusterId = '';
  autolock = false;
  unlockKey = 'SWMKEY-1-first';
  tokens = { manager: 'SWMTKN-manager', worker: 'SWMTKN-worker' };
  /** Labels of the swarm itself. */
  labels: Readonly<Record<string, string>> = {};
  pool: readonly string[] = [];
  /** Images in the simulated registry; null: the registry is unreachable. */
  registry: ReadonlySet<string> | null = null;
  /** The digests of images in the registry that have another one than the rest, by their tags. */
  readonly digests = new Map<string, string>();
  /** Images with a health check of their own, by their tags. */
  readonly healthChecks = new Set<string>();
  /** Log lines of tasks, each with its stream (1 or 2), in the engine's format with details and times. */
  readonly printed: (readonly [1 | 2, string])[] = [];
  /** Services whose tasks start without end, by their names. */
  readonly slow = new Set<string>();
  /** The memory of some nodes, in bytes, by their names. */
  readonly memory = new Map<string, number>();
  /** How the containers of some services ended, by the service's name: State in the answer to GET /containers/{id}/json. */
  readonly containers = new Map<string, Partial<Docker.ContainerInspectInfo['State']>>();
  /** Containers of engines besides those of tasks, as GET /containers/json lists them, by the engines' names. */
  readonly standalone = new Map<string, readonly object[]>();
  /** How the tasks of some services end, by the service's name. */
  readonly ends = new Map<string, Ends>();
  readonly #ending = new FakeEnding({ id: () => this.#id('task'), index: () => this.#index(), ends: this.ends });
  /** Other fields of the swarm's spec. */
  spec: SwarmSpec = { Dispatcher: { HeartbeatPeriod: 5e9 } };
  /** Requests that changed something, in order. */
  readonly writes: string[] = [];
  #next = 1;

  /** The whole state, as JSON. */
  snapshot() {
    const { engines, nodes, services, tasks, clusterId, registry, writes } = this;
    const { labels, autolock, unlockKey, tokens, spec, pool } = this;
    return {
      engines,
      nodes,
      services,
      objects: this.objects.all,
      tasks,
      clusterId,
      registry,
      settings: { labels, autolock, unlockKey, tokens, spec, pool },
      writes,
      next: this.#next,
    };
  }

  restore(from: ReturnType<FakeSwarm['snapshot']>): void {
    this.engines.clear();
    for (const [name, engine] of from.engines) this.engines.set(name, engine);
    this.nodes.splice(0, this.nodes.length, ...from.nodes);
    this.services.splice(0, this.services.length, ...from.services);
    this.objects.all.splice(0, this.objects.all.length, ...from.objects);
    this.writes.splice(0, this.writes.length, ...from.writes);
    this.tasks = from.tasks;
    this.clusterId = from.clusterId;
    Object.assign(this, from.settings);
    this.registry = from.registry;
    this.#next = from.next;
  }

  add(name: string, address: string, installed: boolean): FakeEngineState {
    const state: FakeEngineState = {
      name,
      address,
      installed,
      version: VERSION,
      stopped: false,
      swarmNodeId: '',
      foreign: false,
      images: new Map(),
    };
    this.engines.set(name, state);
    return state;
  }

  remove(name: string): void {
    this.engines.delete(name);
  }

  /** The managers no longer get heartbeats from a node; if it was the leader, another one takes over. */
  lose(name: string): void {
    this.#setState(name, 'down');
    const lost = this.nodes.findIndex((node) => node.Description.Hostname === name && node.ManagerStatus?.Leader);
    const next = this.nodes.findIndex((node) => node.ManagerStatus && node.Status.State === 'ready');
    if (lost >= 0 && next >= 0) {
      this.#lead(lost, false);
      this.#lead(next, true);
    }
    this.reconcile();
  }

  /** Upgrading the engine's package restarts it; the node reports the new version, and a manager may be locked afterwards. */
  upgrade(name: string, version: string): void {
    const engine = this.engines.get(name);
    if (!engine) return;
    this.writes.push(`${name} runs ${version}`);
    Object.assign(engine, { installed: true, version });
    const i = this.nodes.findIndex(({ ID }) => ID === engine.swarmNodeId);
    const node = this.nodes[i];
    if (!node) return;
    const Description = { ...node.Description, Engine: { EngineVersion: version } };
    this.nodes[i] = { ...node, Version: this.#index(), Description };
    if (node.Spec.Role === 'manager' && this.autolock) engine.locked = true;
  }

  regain(name: string): void {
    this.#setState(name, 'ready');
    this.reconcile();
  }

  #setState(name: string, state: string): void {
    this.nodes.forEach((node, i) => {
      if (node.Description.Hostname !== name) return;
      const reachability = state === 'ready' ? 'reachable' : 'unreachable';
      const { ManagerStatus: status } = node;
      const manager = status ? { ManagerStatus: { ...status, Reachability: reachability } } : {};
      this.nodes[i] = { ...node, UpdatedAt: this.#time(), Status: { ...node.Status, State: state }, ...manager };
    });
  }

  #lead(i: number, leader: boolean): void {
    const node = this.nodes[i];
    if (node?.ManagerStatus) this.nodes[i] = { ...node, ManagerStatus: { ...node.ManagerStatus, Leader: leader } };
  }

  /** A promoted node takes part at once; a demoted leader hands over the lead. */
  #settleRole(i: number, role: SwarmNode['Spec']['Role']): void {
    const node = this.nodes[i];
    if (!node || (role === 'manager') === (node.ManagerStatus !== undefined)) return;
    const { ManagerStatus: before, ...rest } = node;
    const status = { Leader: false, Reachability: 'reachable', Addr: `${node.Status.Addr}:2377` };
    this.nodes[i] = role === 'manager' ? { ...rest, ManagerStatus: status } : rest;
    const next = this.nodes.findIndex((one) => one.ManagerStatus && one.Status.State === 'ready');
    if (before?.Leader && next >= 0) this.#lead(next, true);
  }

  #digest(image: string): string {
    return this.digests.get(tagged(image)) ?? 'sha256:'.padEnd(71, 'a');
  }

  #id(kind: string): string {
    return `${kind}${String(this.#next++).padStart(6, '0')}`;
  }

  #index(): { Index: number } {
    return { Index: this.#next++ };
  }

  #enrol(engine: FakeEngineState, role: 'manager' | 'worker'): void {
    engine.swarmNodeId = this.#id('node');
    this.nodes.push({
      ID: engine.swarmNodeId,
      Version: this.#index(),
      UpdatedAt: this.#time(),
      Spec: { Role: role, Availability: 'active', Labels: {} },
      Description: {
        Hostname: engine.hostname ?? engine.name,
        Resources: { NanoCPUs: 2e9, MemoryBytes: this.memory.get(engine.name) ?? 4 * 2 ** 30 },
        Engine: { EngineVersion: engine.version },
      },
      Status: { State: 'ready', Addr: engine.address },
      ...(role === 'manager'
        ? {
            ManagerStatus: {
              Leader: this.nodes.length === 0,
              Reachability: 'reachable',
              Addr: `${engine.address}:2377`,
            },
          }
        : {}),
    });
    this.reconcile();
  }

  /**
   * What a manager's failed join leaves: a member of the list that isn't in the Raft group, and whose agent has reported
   * itself. Source: swarmkit, ca/server.go and manager/dispatcher, register.
   */
  #leaveUnfinished({ name, hostname = name, address, version }: FakeEngineState, role: 'manager' | 'worker'): void {
    this.nodes.push({
      ID: this.#id('node'),
      Version: this.#index(),
      UpdatedAt: this.#time(),
      Spec: { Role: role, Availability: 'active', Labels: {} },
      Description: { Hostname: hostname, Engine: { EngineVersion: version } },
      Status: { State: 'ready', Addr: address },
    });
  }

  #member(engine: FakeEngineState): SwarmNode | undefined {
    return this.nodes.find((node) => node.ID === engine.swarmNodeId);
  }

  #managers() {
    return this.nodes
      .filter((node) => node.ManagerStatus)
      .map((node) => ({ Addr: node.ManagerStatus?.Addr, NodeID: node.ID }));
  }

  #needManager(engine: FakeEngineState): void {
    if (this.#member(engine)?.Spec.Role !== 'manager') throw engineError(503, 'This node is not a swarm manager.');
    if (!this.#hasLeader())
      throw engineError(500, "The swarm does not have a leader. It's possible that too few managers are online.");
  }

  #hasLeader(): boolean {
    const managers = this.nodes.filter(({ ManagerStatus }) => ManagerStatus);
    return managers.filter(({ Status }) => Status.State === 'ready').length > managers.length / 2;
  }

  /** One manager alone; the others stay in the node list as lost managers. */
  #forceNewCluster({ name, swarmNodeId }: FakeEngineState): void {
    this.writes.push(`swarm init --force-new-cluster ${name}`);
    this.regain(name);
    this.nodes.forEach(({ ManagerStatus, ...node }, i) => {
      const own = node.ID === swarmNodeId;
      this.nodes[i] = own && ManagerStatus ? { ...node, ManagerStatus: { ...ManagerStatus, Leader: true } } : node;
    });
  }

  /** Places and removes tasks until every service has its replicas. */
  reconcile(): void {
    const all = this.#active();
    const placed = new Set(all.map((node) => node.ID));
    this.tasks = this.tasks.filter(
      (task) =>
        (placed.has(task.NodeID ?? '') || hasEnded(task)) &&
        this.services.some((service) => service.ID === task.ServiceID),
    );
    for (const service of this.services) {
      const template = service.Spec.TaskTemplate;
      const able = ableTo(template, all);
      // Only events of a job and of its tasks make the orchestrator look at it.
      if (isJob(service.Spec)) continue;
      this.tasks = this.tasks.filter(
        (task) => task.ServiceID !== service.ID || JSON.stringify(task.Spec) === JSON.stringify(template),
      );
      // Those that ended stay as history; the newest of each slot fills it.
      const own = [
        ...newest(
          service.Spec,
          this.tasks.filter((task) => task.ServiceID === service.ID),
        ),
      ];
      const global = service.Spec.Mode.Global !== undefined;
      const desired = global ? able.length : (service.Spec.Mode.Replicated?.Replicas ?? 1);
      const surplus = new Set(fromFullest(own).slice(desired));
      this.tasks = this.tasks.filter((task) => !surplus.has(task));
      for (let slot = own.length; slot < desired; slot++) {
        const taken = new Set(own.map((task) => task.NodeID));
        const roomy = able.filter((one) => hasRoom(one, template, this.tasks));
        const node = global ? able.find((one) => !taken.has(one.ID)) : emptiest(roomy, own);
        if (!node) {
          this.tasks.push(
            ...Array.from({ length: desired - slot }, (_, i) => this.#unplaced(service, slot + i + 1, able)),
          );
          break;
        }
        const task: SwarmTask = {
          ID: this.#id('task'),
          Version: this.#index(),
          CreatedAt: '2026-01-01T00:00:00Z',
          ServiceID: service.ID,
          NodeID: node.ID,
          ...(global ? {} : { Slot: firstFree(own) }),
          DesiredState: 'running',
          Spec: structuredClone(template),
          Status: { State: 'running' },
        };
        if (this.slow.has(service.Spec.Name))
          Object.assign(task, {
            Status: { State: 'starting', ContainerStatus: { ContainerID: containerOf(task), ExitCode: 0 } },
          });
        own.push(task);
        this.tasks = this.ends.has(service.Spec.Name)
          ? this.#ending.start([...this.tasks, task], service)
          : [...this.tasks, task];
      }
    }
  }

  /** A task without a node. Source: swarmkit, manager/scheduler, noSuitableNode; each node is counted for its first reason. */
  #unplaced({ ID, Spec }: SwarmService, slot: number, able: readonly SwarmNode[]): SwarmTask {
    const away = this.nodes.length - this.#active().length;
    const unfit = this.#active().length - able.length;
    const count = (nodes: number) => (nodes === 1 ? '1 node' : `${nodes} nodes`);
    const reasons = [
      ...(away > 0 ? [`${count(away)} not available for new tasks`] : []),
      ...(unfit > 0 ? [`scheduling constraints not satisfied on ${count(unfit)}`] : []),
      ...(able.length > 0 ? [`insufficient resources on ${count(able.length)}`] : []),
    ];
    return {
      ID: this.#id('task'),
      Version: this.#index(),
      CreatedAt: '2026-01-01T00:00:00Z',
      ServiceID: ID,
      Slot: slot,
      DesiredState: 'running',
      Spec: structuredClone(Spec.TaskTemplate),
      Status: { State: 'pending', Err: `no suitable node (${reasons.join('; ')})` },
    };
  }

  /** Time passes: successors of failed tasks start. */
  #pass(): void {
    for (const service of this.services.filter(({ Spec }) => isJob(Spec) || this.ends.has(Spec.Name))) {
      const before = this.#replaceTasks(service, (own) => this.#ending.startDelayed(service, own));
      if (this.tasks.filter(isComplete).length > before.filter(isComplete).length) this.#runJob(service);
    }
  }

  /** What the orchestrator does when a job was created or changed, or one of its tasks completed. */
  #runJob(service: SwarmService): void {
    if (!isJob(service.Spec)) return;
    const able = ableTo(service.Spec.TaskTemplate, this.#active());
    this.#replaceTasks(service, (own) => this.#ending.reconcileJob(service, own, able));
  }

  /** @returns all tasks as they were before */
  #replaceTasks({ ID }: SwarmService, how: (own: readonly SwarmTask[]) => readonly SwarmTask[]): SwarmTask[] {
    const before = this.tasks;
    const own = before.filter((task) => task.ServiceID === ID);
    this.tasks = [...before.filter((task) => task.ServiceID !== ID), ...how(own)];
    return before;
  }

  /** A task that ends while an update is watched counts as its failure. Source: swarmkit, manager/orchestrator/update. */
  #monitorUpdate(service: Mutable<SwarmService>, before: ServiceSpecification): void {
    const action = service.Spec.UpdateConfig?.['FailureAction'] ?? 'pause';
    const ended = this.tasks.find((task) => task.ServiceID === service.ID && hasEnded(task));
    if (!ended || service.JobStatus || action === 'continue') return;
    const Message = `update ${action === 'pause' ? 'paused' : 'rolled back'} due to failure or early termination of task ${ended.ID}`;
    service.UpdateStatus = { State: action === 'pause' ? 'paused' : 'rollback_completed', Message };
    if (action !== 'rollback') return;
    service.Spec = before;
    this.reconcile();
  }

  #active(): readonly SwarmNode[] {
    return this.nodes.filter((node) => node.Spec.Availability === 'active' && node.Status.State === 'ready');
  }

  /** Every update of a job is another iteration. The API leaves out the index of the first one. */
  #nextIteration(spec: ServiceSpecification, before?: SwarmService): Pick<SwarmService, 'JobStatus'> {
    if (!isJob(spec)) return {};
    const Index = (before?.JobStatus?.JobIteration?.Index ?? 0) + 1;
    return { JobStatus: { JobIteration: before ? { Index } : {}, LastExecution: this.#time() } };
  }

  /** A second later than the last time. */
  #time(): string {
    return new Date(Date.UTC(2026, 0, 1) + 1000 * this.#next++).toISOString();
  }

  /** `docker stack rm NAME`. */
  removeStack(name: string): void {
    this.writes.push(`stack rm ${name}`);
    const own = (service: SwarmService) => service.Spec.Labels?.['com.docker.stack.namespace'] === name;
    if (!this.services.some(own)) throw new Error(`Nothing found in stack: ${name}`);
    this.services.splice(0, this.services.length, ...this.services.filter((service) => !own(service)));
    this.reconcile();
  }

  /**
   * `docker stack deploy NAME` with files as docker reads them. test/compose compares the specifications, and the script
   * that runs docker, with the real docker.
   */
  deployStack(name: string, config: ComposeConfig): void {
    this.writes.push(`stack deploy ${name}`);
    for (const network of ownNames(name, config).networks)
      if (!this.objects.named('network', network))
        this.objects.all.push({ id: this.#id('net'), kind: 'network', name: network, body: {} });
    for (const service of Object.keys(config.services)) {
      const text = JSON.stringify(stackServiceSpec(name, service, config), (key, value: unknown) =>
        key === 'Target' ? (this.objects.named('network', String(value))?.id ?? value) : value,
      );
      const spec = JSON.parse(text) as ServiceSpecification & { Mode: { Replicated?: { Replicas?: number } } };
      // What the engine fills in.
      if (spec.Mode.Replicated) spec.Mode.Replicated.Replicas ??= 1;
      const known = this.services.find((one) => one.Spec.Name === spec.Name);
      const job = this.#nextIteration(spec, known);
      if (known) Object.assign(known, { Spec: spec, Version: this.#index() }, job);
      else this.services.push({ ID: this.#id('svc'), Version: this.#index(), Spec: spec, ...job });
      const [written] = this.services.filter((one) => one.Spec.Name === spec.Name);
      if (written) this.#runJob(written);
    }
    this.reconcile();
  }

  /** The part of dockerode that swarmup uses, for one engine. */
  docker(name: string): Docker {
    const engine = () => {
      const found = this.engines.get(name);
      if (!found?.installed || found.stopped)
        throw Object.assign(new Error('connect ENOENT /var/run/docker.sock'), { code: 'ENOENT' });
      return found;
    };
    const manager = () => {
      const one = engine();
      this.#needManager(one);
      return one;
    };
    return strict<Docker>('Docker Engine', {
      modem: modemOf({ engine, needManager: (one) => this.#needManager(one), swarm: this }),
      version: async () => ({ Version: engine().version, ApiVersion: '1.45' }) as never,
      info: async () => {
        const one = engine();
        if (one.foreign || one.before)
          return {
            ServerVersion: one.version,
            Swarm: {
              LocalNodeState: 'active',
              NodeID: one.before ?? 'node-of-another-swarm',
              NodeAddr: one.address,
              ControlAvailable: false,
            },
          };
        const failed = one.expired ?? one.gaveUp;
        if (failed !== undefined)
          return {
            Name: one.hostname ?? one.name,
            ServerVersion: one.version,
            Swarm: { LocalNodeState: 'error', NodeID: '', NodeAddr: one.address, Error: failed, RemoteManagers: null },
          };
        if (one.locked)
          return { ServerVersion: one.version, Swarm: { LocalNodeState: 'locked', NodeID: '', NodeAddr: '' } };
        const member = this.#member(one);
        if (one.restarted && !this.#hasLeader())
          return {
            Name: one.hostname ?? one.name,
            ServerVersion: one.version,
            Swarm: {
              LocalNodeState: 'pending',
              NodeID: one.swarmNodeId,
              NodeAddr: one.address,
              // From its disk.
              RemoteManagers: this.#managers(),
              Error:
                "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online.",
            },
          };
        const control = member?.Spec.Role === 'manager';
        return {
          Name: one.hostname ?? one.name,
          ServerVersion: one.version,
          ...(one.proxy === undefined ? {} : { HttpProxy: one.proxy, HttpsProxy: one.proxy, NoProxy: 'localhost' }),
          Swarm: {
            LocalNodeState: member ? 'active' : 'inactive',
            NodeID: one.swarmNodeId,
            NodeAddr: one.address,
            ControlAvailable: control,
            RemoteManagers: this.#managers(),
            ...(control && this.#hasLeader() ? { Cluster: { ID: this.clusterId } } : {}),
          },
        };
      },
      swarmInit: async (options: SwarmInit) => {
        const one = engine();
        if (one.expired !== undefined)
          throw engineError(
            503,
            "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.",
          );
        if (options.ForceNewCluster) return (this.#forceNewCluster(one), one.swarmNodeId) as never;
        if (this.#member(one)) throw engineError(503, 'This node is already part of a swarm.');
        if (this.clusterId !== '') throw engineError(500, 'a second swarm was initialised');
        if (options.AdvertiseAddr !== one.address)
          throw engineError(400, `advertise address ${options.AdvertiseAddr} is not on this system`);
        this.writes.push(`swarm init ${name}`);
        this.clusterId = this.#id('cluster');
        this.labels = options.Spec?.Labels ?? {};
        this.pool = options.DefaultAddrPool ?? ['10.0.0.0/8'];
        this.#enrol(one, 'manager');
        return one.swarmNodeId as never;
      },
      swarmJoin: async (options: { JoinToken: string; RemoteAddrs: readonly string[] }) => {
        const one = engine();
        if (this.#member(one)) throw engineError(503, 'This node is already part of a swarm.');
        const role =
          options.JoinToken === this.tokens.manager
            ? 'manager'
            : options.JoinToken === this.tokens.worker
              ? 'worker'
              : undefined;
        if (!role) throw engineError(400, 'invalid join token');
        if (!this.nodes.some((node) => node.ManagerStatus?.Addr === options.RemoteAddrs[0]))
          throw engineError(500, 'rpc error: connection refused');
        const failure = one.joinFailures?.shift();
        if (failure !== undefined) throw engineError(500, failure);
        if (one.cutOffFromLeader && role === 'manager') {
          this.writes.push(`swarm join of ${name} failed`);
          this.#leaveUnfinished(one, role);
          throw engineError(
            500,
            "manager stopped: can't initialize raft node: rpc error: code = Unknown desc = could not connect to prospective new cluster member using its advertised address: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
          );
        }
        this.writes.push(`swarm join ${name} as ${role}`);
        this.#enrol(one, role);
        return '' as never;
      },
      swarmInspect: async () =>
        (manager(),
        {
          ID: this.clusterId,
          Version: { Index: 1 },
          DefaultAddrPool: this.pool,
          Spec: { ...this.spec, Labels: this.labels, EncryptionConfig: { AutoLockManagers: this.autolock } },
          JoinTokens: { Manager: this.tokens.manager, Worker: this.tokens.worker },
        }) as never,
      swarmUpdate: (async ({ _query: query, _body: spec }: SwarmUpdate) => {
        manager();
        const rotated = Object.keys(query).filter((key) => key.startsWith('rotate'));
        this.writes.push(['swarm update', ...rotated].join(' '));
        this.labels = spec.Labels ?? {};
        this.spec = spec;
        this.autolock = spec.EncryptionConfig?.AutoLockManagers ?? false;
        if (query.rotateWorkerToken) this.tokens = { manager: this.#id('SWMTKN-m'), worker: this.#id('SWMTKN-w') };
        if (query.rotateManagerUnlockKey) this.unlockKey = this.#id('SWMKEY-1-');
      }) as never,
      listNodes: async () => (manager(), structuredClone(this.nodes)) as never,
      getNode: (id: string) =>
        strict<Docker.Node>('node', {
          inspect: async () => structuredClone(this.nodes.find((node) => node.ID === id)) as never,
          update: (async (spec: SwarmNode['Spec'] & { version: number }) => {
            manager();
            const i = this.nodes.findIndex((node) => node.ID === id);
            const node = this.nodes[i];
            if (!node || node.Version.Index !== spec.version) throw engineError(500, 'update out of sequence');
            this.writes.push(`node update ${node.Description.Hostname}`);
            this.nodes[i] = {
              ...node,
              Version: this.#index(),
              UpdatedAt: this.#time(),
              Spec: { Role: spec.Role, Availability: spec.Availability, Labels: spec.Labels ?? {} },
            };
            this.#settleRole(i, spec.Role);
            this.reconcile();
          }) as never,
          remove: (async (options: { force?: boolean }) => {
            manager();
            const i = this.nodes.findIndex((node) => node.ID === id);
            const node = this.nodes[i];
            if (!node) throw engineError(404, `node ${id} not found`);
            if (node.ManagerStatus)
              throw engineError(
                400,
                `node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
              );
            if (node.Status.State !== 'down' && !options.force)
              throw engineError(400, `node ${id} is not down and can't be removed`);
            this.writes.push(`node remove ${node.Description.Hostname}`);
            this.nodes.splice(i, 1);
            this.reconcile();
          }) as never,
        }),
      swarmLeave: (async (options: { force?: boolean }) => {
        const one = engine();
        if (one.before) {
          delete one.before;
          one.swarmNodeId = '';
          return;
        }
        // A member that can't start, or that never became one, only forgets.
        if (one.expired !== undefined || one.gaveUp !== undefined) {
          this.writes.push(`swarm leave ${name}`);
          delete one.expired;
          delete one.gaveUp;
          one.swarmNodeId = '';
          return;
        }
        const i = this.nodes.findIndex((node) => node.ID === one.swarmNodeId);
        const node = this.nodes[i];
        if (!node) throw engineError(503, 'This node is not part of a swarm');
        if (node.Spec.Role === 'manager' && !options.force)
          throw engineError(503, 'You are attempting to leave the swarm on a node that is participating as a manager.');
        if (one.lateToLeave) {
          one.lateToLeave--;
          throw engineError(500, 'context deadline exceeded');
        }
        this.writes.push(`swarm leave ${name}`);
        one.swarmNodeId = '';
        this.nodes[i] = { ...node, Status: { ...node.Status, State: 'down' } };
        this.reconcile();
      }) as never,
      listContainers: (async () => (engine(), this.standalone.get(name) ?? [])) as never,
      listServices: (async (options?: { filters?: string }) => (
        manager(),
        filtered(this.services, options?.filters)
      )) as never,
      ...this.objects.docker({
        manager,
        id: (kind) => this.#id(kind),
        wrote: (what) => this.writes.push(what),
        usersOf: (id) =>
          this.services.filter(({ Spec }) => JSON.stringify(Spec).includes(id)).map(({ Spec }) => Spec.Name),
      }),
      createService: (async (_auth: object, spec: ServiceSpecification) => {
        manager();
        if (this.services.some((service) => service.Spec.Name === spec.Name))
          throw engineError(409, `name conflicts with an existing object: service ${spec.Name} already exists`);
        refusePorts(this.services, spec);
        this.writes.push(`service create ${spec.Name}`);
        const made = {
          ID: this.#id('svc'),
          Version: this.#index(),
          Spec: structuredClone(spec),
          ...this.#nextIteration(spec),
        };
        this.services.push(made);
        this.#runJob(made);
        this.reconcile();
        return {};
      }) as never,
      getService: (id: string) =>
        strict<Docker.Service>('service', {
          logs: (async () => (manager(), framed(this.printed))) as never,
          remove: (async () => {
            manager();
            const i = this.services.findIndex((service) => service.ID === id);
            if (i < 0) throw engineError(404, `service ${id} not found`);
            this.writes.push(`service remove ${this.services[i]?.Spec.Name}`);
            this.services.splice(i, 1);
            this.reconcile();
          }) as never,
          update: (async ({ _query: query, _body: spec }: ServiceUpdate) => {
            manager();
            const service = this.services.find((one) => one.ID === id);
            if (!service || service.Version.Index !== query.version) throw engineError(500, 'update out of sequence');
            refusePorts(this.services, spec, id);
            const back = query.rollback === 'previous';
            if (back && !service.PreviousSpec)
              throw engineError(400, `rpc error: service ${service.Spec.Name} does not have a previous spec`);
            this.writes.push(`service ${back ? 'rollback' : 'update'} ${service.Spec.Name}`);
            const before = service.Spec;
            if (Object.keys(before.Mode)[0] !== Object.keys(spec.Mode)[0])
              throw engineError(501, 'rpc error: service mode change is not allowed');
            service.Spec = structuredClone((back ? service.PreviousSpec : undefined) ?? spec);
            service.PreviousSpec = before;
            // Jobs have no rolling updates.
            if (service.JobStatus) Object.assign(service, this.#nextIteration(spec, service));
            else
              service.UpdateStatus = back
                ? { State: 'rollback_completed', Message: 'rollback completed' }
                : { State: 'completed', Message: 'update completed' };
            service.Version = this.#index();
            this.#runJob(service);
            this.reconcile();
            if (!back) this.#monitorUpdate(service, before);
          }) as never,
        }),
      getContainer: (id: string) =>
        strict<Docker.Container>('container', {
          inspect: async () => {
            const { swarmNodeId } = engine();
            const task = this.tasks.find((one) => one.Status.ContainerStatus?.ContainerID === id);
            // Only the node that ran it has the container.
            if (!task || task.NodeID !== swarmNodeId) throw engineError(404, `No such container: ${id}`);
            const { ExitCode = 0 } = task.Status.ContainerStatus ?? {};
            const serviceName = this.services.find(({ ID }) => ID === task.ServiceID)?.Spec.Name ?? '';
            return { Id: id, State: { ExitCode, OOMKilled: false, ...this.containers.get(serviceName) } } as never;
          },
        }),
      getTask: (id: string) =>
        ({
          id,
          logs: async () => (
            manager(),
            framed(this.printed.filter(([, line]) => line.includes(id) || !/task\.id=/.test(line)))
          ),
        }) as never,
      listTasks: (async (options?: { filters?: string }) => (
        manager(),
        this.#pass(),
        filteredTasks(this.tasks, options?.filters)
      )) as never,
      getImage: (image: string) =>
        strict<Docker.Image>('image', {
          inspect: async () => {
            const { images } = engine();
            // What was pulled under its tag is also known by the digest that the registry had for it.
            const known = digestOf(image) === this.#digest(image) ? images.get(tagged(image)) : undefined;
            const layers = images.get(exact(image)) ?? known;
            if (!layers) throw engineError(404, `No such image: ${image}`);
            const checked = this.healthChecks.has(tagged(image)) ? { Healthcheck: { Test: ['CMD', 'true'] } } : {};
            return { RootFS: { Layers: layers }, Config: checked } as never;
          },
          distribution: async () => {
            engine();
            if (this.registry === null)
              throw engineError(500, 'Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host');
            if (!this.registry.has(tagged(image))) throw engineError(403, `pull access denied for ${image}`);
            return { Descriptor: { digest: this.#digest(image) } } as never;
          },
        }),
      pull: (async (image: string) => {
        const one = engine();
        if (!this.registry?.has(tagged(image)))
          throw engineError(404, `pull access denied for ${image}, repository does not exist`);
        this.writes.push(`pull ${image} on ${name}`);
        one.images.set(exact(image), ['sha256:pulled']);
        return Readable.from([]);
      }) as never,
    });
  }
}

/** Whether a node's memory is enough for what its tasks reserve, and another one. */
function hasRoom(
  { ID, Description }: SwarmNode,
  template: Partial<TaskTemplate>,
  tasks: readonly SwarmTask[],
): boolean {
  const reserved = ({ Resources }: Partial<TaskTemplate>) => Resources?.Reservations?.MemoryBytes ?? 0;
  const held = tasks
    .filter((task) => task.NodeID === ID && !hasEnded(task))
    .reduce((sum, { Spec }) => sum + reserved(Spec), 0);
  return reserved(template) === 0 || held + reserved(template) <= (Description.Resources?.MemoryBytes ?? 0);
}

/** The scheduler's next node: the one with the fewest tasks of the service. Source: swarmkit, manager/scheduler. */
function emptiest(able: readonly SwarmNode[], own: readonly SwarmTask[]): SwarmNode | undefined {
  const count = ({ ID }: SwarmNode) => own.filter(({ NodeID }) => NodeID === ID).length;
  return able.toSorted((a, b) => count(a) - count(b))[0];
}

/** The order in which tasks are kept: the first of every node, then the second. Source: swarmkit, replicated/slot.go. */
function fromFullest(own: readonly SwarmTask[]): SwarmTask[] {
  const nth = (task: SwarmTask, i: number) => own.slice(0, i).filter(({ NodeID }) => NodeID === task.NodeID).length;
  const ranked = own.map((task, i) => ({ task, rank: nth(task, i) }));
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ task }) => task);
}

/** The number of the first slot without a task. */
function firstFree(own: readonly SwarmTask[]): number {
  const taken = new Set(own.map(({ Slot }) => Slot));
  let slot = 1;
  while (taken.has(slot)) slot++;
  return slot;
}

function ableTo({ Placement }: ServiceSpecification['TaskTemplate'], nodes: readonly SwarmNode[]): SwarmNode[] {
  const constraints = Placement?.Constraints ?? [];
  return nodes.filter((node) => fitsNode(node, constraints));
}
