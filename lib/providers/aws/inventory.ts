import type { Instance, InstanceStateName } from '@aws-sdk/client-ec2';
import type { Clock } from '../../async/clock.ts';
import { isName } from '../../config/names.ts';
import { Coalescer } from '../../async/coalescer.ts';
import type { Cluster } from '../../config/model.ts';
import type { Machine, Rented } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { describeInstances } from './describe.ts';
import { userOf } from './image.ts';
import { bastionEndpoint } from './bastion.ts';
import { ownFilters, TAG, tagValue } from './tags.ts';

/** A machine and its instance, found by its tags: it may have been created from any computer. */
export interface AwsMachine extends Machine {
  readonly rented: Rented;
  readonly phase: InstanceStateName;
  /** The image in the cluster file when the machine was created. */
  readonly image: string | undefined;
  /** IDs of duplicate instances with the same name, which are to be removed. */
  readonly doubles: readonly string[];
  readonly spot: boolean;
}

/** How old an answer may be, in milliseconds: waiting callers share it. */
const FRESH_MS = 2_000;

const GONE: readonly string[] = ['shutting-down', 'terminated'];

/**
 * The cluster's instances. EC2 is queried at most every two seconds, for all callers at once, and a query that started
 * before the last change made here is never used.
 */
export class Inventory {
  readonly #api: Ec2Api;
  readonly #cluster: Cluster;
  readonly #config: AwsConfig;
  readonly #clock: Clock;
  readonly #identityFile: string;
  #last: { readonly begun: number; readonly instances: readonly Instance[] } | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;
  readonly #asking: Coalescer<readonly Instance[]>;

  constructor(
    api: Ec2Api,
    options: { readonly cluster: Cluster; readonly clock: Clock },
    config: AwsConfig,
    identityFile: string,
  ) {
    this.#api = api;
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#config = config;
    this.#identityFile = identityFile;
    this.#asking = new Coalescer((signal) => this.#ask(signal));
  }

  /** To be called after every change: it invalidates earlier answers. */
  changed(): void {
    this.#changedAt = this.#clock.now();
    this.#last = undefined;
  }

  /** Every instance of the cluster that EC2 still shows, including terminated ones. */
  async instances(signal: AbortSignal): Promise<readonly Instance[]> {
    const last = this.#last;
    if (last && last.begun > this.#changedAt && this.#clock.now() - last.begun <= FRESH_MS) return last.instances;
    return this.#asking.get(signal);
  }

  async list(signal: AbortSignal, names?: readonly string[]): Promise<readonly AwsMachine[]> {
    const living = (await this.instances(signal)).filter((instance) => !isGone(instance));
    const byName = Map.groupBy(living, nodeOf);
    return (
      [...byName]
        // A user of the account who may set tags could give a machine a path as its name.
        .filter(([name]) => isName(name) && (names?.includes(name) ?? true))
        .map(([name, instances]) => this.#machine(name, instances))
        .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    );
  }

  /** IDs of a node's terminated instances, whose replacement is a new machine. */
  async gone(name: string, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.instances(signal))
      .filter((instance) => nodeOf(instance) === name && isGone(instance))
      .map((instance) => instance.InstanceId ?? '')
      .toSorted();
  }

  /** Why EC2 terminated an instance; undefined while it exists, or if it isn't shown. */
  async endOf(id: string, signal: AbortSignal): Promise<string | undefined> {
    const instance = (await this.instances(signal)).find((one) => one.InstanceId === id);
    if (!instance || !isGone(instance)) return undefined;
    const { StateReason, StateTransitionReason } = instance;
    return StateReason?.Message || StateTransitionReason || 'it gives no reason';
  }

  async #ask(signal: AbortSignal): Promise<readonly Instance[]> {
    const begun = this.#clock.now();
    const until = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
    const instances = await describeInstances(this.#api, ownFilters(this.#cluster.name), until);
    this.#last = { begun, instances };
    return instances;
  }

  #machine(name: string, instances: readonly Instance[]): AwsMachine {
    const [instance = {}, ...others] = instances.toSorted(bySeniority);
    const phase = instance.State?.Name ?? 'pending';
    const hostKey = tagValue(instance.Tags, TAG.hostKey) ?? '';
    const image = tagValue(instance.Tags, TAG.image);
    const via = bastionEndpoint(this.#config, this.#cluster);
    const host = (via ? instance.PrivateIpAddress : instance.PublicIpAddress) ?? '';
    const ready = phase === 'running' && hostKey !== '' && host !== '';
    return {
      name,
      state: ready ? 'running' : phase === 'running' || phase === 'pending' ? 'starting' : 'stopped',
      phase,
      address: instance.PrivateIpAddress ?? '',
      image,
      doubles: others.map((other) => other.InstanceId ?? ''),
      spot: instance.InstanceLifecycle === 'spot',
      rented: {
        id: instance.InstanceId ?? '',
        type: instance.InstanceType ?? 'unknown',
        ...(instance.Placement?.AvailabilityZone ? { zone: instance.Placement.AvailabilityZone } : {}),
        ...(instance.LaunchTime ? { since: instance.LaunchTime.toISOString() } : {}),
      },
      ssh: {
        host,
        port: 22,
        user: userOf(this.#config, image),
        identityFiles: [this.#identityFile],
        hostKey,
        ...(via ? { via } : {}),
      },
    };
  }
}

/** The timeout of a query, in milliseconds, including the SDK's own retries. */
const ASK_MS = 120_000;

/**
 * The instance in use first, then the older one. EC2's times are in seconds, so instances of the same age are ordered
 * by ID.
 */
function bySeniority(a: Instance, b: Instance): number {
  const settled = ({ Tags }: Instance) => (tagValue(Tags, TAG.hostKey) === undefined ? 1 : 0);
  return (
    settled(a) - settled(b) ||
    (a.LaunchTime?.getTime() ?? 0) - (b.LaunchTime?.getTime() ?? 0) ||
    (a.InstanceId ?? '').localeCompare(b.InstanceId ?? '')
  );
}

function isGone(instance: Instance): boolean {
  return GONE.includes(instance.State?.Name ?? '');
}

function nodeOf(instance: Instance): string {
  return tagValue(instance.Tags, TAG.node) ?? '';
}

/** A machine of this provider. @throws when it is of another provider, which is a bug in swarmup */
export function asAws(machine: Machine): AwsMachine {
  if (!('phase' in machine && 'doubles' in machine)) throw new Error(`${machine.name} is not an EC2 machine`);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- only Inventory makes machines with these fields
  return machine as AwsMachine;
}
