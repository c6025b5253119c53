import { createHash } from 'node:crypto';

/** An error answer of EC2. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** How long operations take, in milliseconds. */
export interface Latency {
  /** From the request to the first listing of an instance. */
  readonly visible: number;
  readonly pending: number;
  /** From running to the first listing of the public address. */
  readonly address: number;
  readonly stopping: number;
  readonly shuttingDown: number;
  /** How long a terminated instance's network interface holds its security group. */
  readonly interface: number;
}

/** Runs the machines behind the instances. */
export interface MachinePark {
  /** Boots a new instance. */
  boot(instance: Instance): Promise<void>;
  /** Starts a stopped instance. */
  start(instance: Instance): Promise<void>;
  stop(instance: Instance, force: boolean): Promise<void>;
  terminate(instance: Instance): Promise<void>;
  console(instance: Instance): Promise<string>;
  close(): Promise<void>;
}

type Phase = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface Instance {
  readonly id: string;
  readonly node: string;
  readonly zone: string;
  readonly privateAddress: string;
  /** This computer's loopback address that stands for the public one. */
  readonly publicAddress: string;
  readonly userData: string;
  readonly publicKey: string;
  readonly groups: readonly string[];
  readonly born: number;
  phase: Phase;
  /** Why EC2 ended the instance. */
  readonly ended?: string;
  /** When it entered its phase. */
  since: number;
}

/** Parallel tests have their own loopback addresses. */
const NEIGHBOURHOOD = 64 + (process.pid % 128);

type Tree = Record<string, unknown>;
type Item = Record<string, unknown>;

const CODES: Readonly<Record<Phase, string>> = {
  pending: '0',
  running: '16',
  'shutting-down': '32',
  terminated: '48',
  stopping: '64',
  stopped: '80',
};

/** The state of an account as in EC2: what moto doesn't keep, and what moto does too quickly. */
export class Account {
  readonly instances = new Map<string, Instance>();
  /** Zones without capacity. */
  readonly full = new Set<string>();
  readonly #park: MachinePark;
  readonly #latency: Latency;
  readonly #tokens = new Map<string, { readonly fingerprint: string; readonly xml: string; readonly id: string }>();
  readonly #zones = new Map<string, string>();
  /** Public keys by name, and names by id. */
  readonly #keys = new Map<string, string>();
  readonly #keyNames = new Map<string, string>();
  /** Starts and stops in progress. */
  readonly #work = new Set<Promise<void>>();
  readonly failures: unknown[] = [];
  /** Instances stay in their state. */
  frozen = false;
  /** Instances are in no listing. */
  hidden = false;
  unoffered: ReadonlySet<string> = new Set();
  /** The reason for which new instances end at once. */
  doomed: string | undefined;
  #addresses = 10;

  constructor(park: MachinePark, latency: Latency) {
    this.#park = park;
    this.#latency = latency;
  }

  /** Back to an empty account. */
  async reset(): Promise<void> {
    await this.close();
    this.instances.clear();
    this.full.clear();
    this.doomed = undefined;
    this.frozen = false;
    this.#tokens.clear();
    this.#keys.clear();
    this.#keyNames.clear();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#work);
    await this.#park.close();
  }

  /** Moves instances to their next state as time passes. */
  tick(now = Date.now()): void {
    if (this.frozen) return;
    for (const one of this.instances.values()) {
      const age = now - one.since;
      const to = (phase: Phase) => Object.assign(one, { phase, since: now });
      if (one.phase === 'pending' && age >= this.#latency.pending) to('running');
      if (one.phase === 'stopping' && age >= this.#latency.stopping) to('stopped');
      if (one.phase === 'shutting-down' && age >= this.#latency.shuttingDown) to('terminated');
    }
  }

  /** Handles requests that EC2 refuses or has seen before moto. @returns the answer of an earlier identical request */
  before(action: string, params: Readonly<Record<string, string>>): string | undefined {
    if (action === 'RunInstances') return this.#known(params);
    for (const id of idsOf(params)) {
      const one = this.instances.get(id);
      if (!one || !this.#isVisible(one))
        throw new ApiError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
      if (action === 'StartInstances' && one.phase !== 'stopped' && one.phase !== 'running')
        throw new ApiError(
          'IncorrectInstanceState',
          `The instance '${id}' is not in a state from which it can be started.`,
        );
      if (action === 'StopInstances' && ['pending', 'shutting-down', 'terminated'].includes(one.phase))
        throw new ApiError(
          'IncorrectInstanceState',
          `This instance '${id}' is not in a state from which it can be stopped.`,
        );
    }
    if (action === 'DeleteSecurityGroup') this.#mustBeUnused(params['GroupId'] ?? '');
    if (action === 'AuthorizeSecurityGroupIngress' && !params['IpPermissions.1.IpProtocol'])
      throw new ApiError('MissingParameter', 'The request must contain the parameter ipPermissions');
    return undefined;
  }

  /** Rewrites a request for moto. */
  adjusted(action: string, params: Readonly<Record<string, string>>): Record<string, string> {
    const out = { ...params };
    // moto deletes by name only, and accepts everything else.
    const name = this.#keyNames.get(params['KeyPairId'] ?? '');
    if (action === 'DeleteKeyPair' && name !== undefined) out['KeyName'] = name;
    // moto requires ports, which protocols like ESP don't have.
    for (const [key, value] of Object.entries(params)) {
      const at = /^(IpPermissions\.\d+)\.IpProtocol$/.exec(key)?.[1];
      if (at && value === '50') Object.assign(out, { [`${at}.FromPort`]: '-1', [`${at}.ToPort`]: '-1' });
    }
    return out;
  }

  /** Rewrites moto's answer as EC2 would give it. */
  async after(action: string, params: Readonly<Record<string, string>>, tree: Tree): Promise<Tree> {
    if (action === 'DescribeSubnets') {
      for (const subnet of items(tree, 'DescribeSubnetsResponse', 'subnetSet'))
        this.#zones.set(text(subnet['subnetId']), text(subnet['availabilityZone']));
    }
    if (action === 'DescribeInstanceTypeOfferings') {
      const response = tree['DescribeInstanceTypeOfferingsResponse'] as Item;
      const offers = items(tree, 'DescribeInstanceTypeOfferingsResponse', 'instanceTypeOfferingSet');
      response['instanceTypeOfferingSet'] = {
        item: offers.filter((offer) => !this.unoffered.has(text(offer['location']))),
      };
    }
    if (action === 'ImportKeyPair') {
      const name = params['KeyName'] ?? '';
      this.#keys.set(name, Buffer.from(params['PublicKeyMaterial'] ?? '', 'base64').toString());
      this.#keyNames.set(text((tree['ImportKeyPairResponse'] as Item)['keyPairId']), name);
    }
    if (action === 'DescribeKeyPairs' && params['IncludePublicKey'] === 'true') {
      for (const key of items(tree, 'DescribeKeyPairsResponse', 'keySet'))
        key['publicKey'] = this.#keys.get(text(key['keyName'])) ?? '';
    }
    if (action === 'RunInstances') {
      for (const item of items(tree, 'RunInstancesResponse', 'instancesSet')) this.#begin(item, params);
    }
    if (action === 'DescribeInstances') this.#describe(tree);
    if (action === 'StartInstances') this.#change(params, 'pending', (one) => this.#park.start(one));
    if (action === 'StopInstances')
      this.#change(params, 'stopping', (one) => this.#park.stop(one, params['Force'] === 'true'));
    if (action === 'TerminateInstances') this.#change(params, 'shutting-down', (one) => this.#park.terminate(one));
    if (action === 'GetConsoleOutput') {
      const one = this.#get(params['InstanceId'] ?? '');
      const response = tree['GetConsoleOutputResponse'] as Item;
      response['output'] = Buffer.from(await this.#park.console(one)).toString('base64');
    }
    return tree;
  }

  remember(action: string, params: Readonly<Record<string, string>>, xml: string): void {
    const token = params['ClientToken'];
    if (action !== 'RunInstances' || !token || params['DryRun'] === 'true') return;
    const id = /<instanceId>([^<]+)</.exec(xml)?.[1] ?? '';
    this.#tokens.set(token, { fingerprint: fingerprint(params), xml, id });
  }

  #known(params: Readonly<Record<string, string>>): string | undefined {
    const token = params['ClientToken'] ?? '';
    const known = this.#tokens.get(token);
    if (known) {
      if (known.fingerprint !== fingerprint(params))
        throw new ApiError('IdempotentParameterMismatch', 'The client token is used for another request.');
      const phase = this.instances.get(known.id)?.phase;
      if (phase === 'terminated' || phase === 'shutting-down')
        throw new ApiError('IdempotentInstanceTerminated', 'The instance of this client token was terminated.');
      return known.xml;
    }
    const zone = this.#zones.get(params['NetworkInterface.1.SubnetId'] ?? '') ?? '';
    if (this.full.has(zone))
      throw new ApiError(
        'InsufficientInstanceCapacity',
        `We currently do not have sufficient capacity in ${zone}.`,
        500,
      );
    return undefined;
  }

  #begin(item: Item, params: Readonly<Record<string, string>>): void {
    const tags = new Map<string, string>();
    for (const [key, value] of Object.entries(params)) {
      const at = /^TagSpecification\.1\.Tag\.(\d+)\.Key$/.exec(key)?.[1];
      if (at) tags.set(value, params[`TagSpecification.1.Tag.${at}.Value`] ?? '');
    }
    const id = text(item['instanceId']);
    const now = Date.now();
    const subnet = params['NetworkInterface.1.SubnetId'] ?? '';
    const one: Instance = {
      id,
      node: tags.get('swarmup:node') ?? '',
      zone: this.#zones.get(subnet) ?? '',
      privateAddress: text(item['privateIpAddress']),
      publicAddress: `127.${NEIGHBOURHOOD}.${Math.floor(this.#addresses / 250)}.${(this.#addresses++ % 250) + 1}`,
      userData: Buffer.from(params['UserData'] ?? '', 'base64').toString(),
      publicKey: this.#keys.get(params['KeyName'] ?? '') ?? '',
      groups: Object.entries(params).flatMap(([key, value]) =>
        /^NetworkInterface\.1\.SecurityGroupId\.\d+$/.test(key) ? [value] : [],
      ),
      born: now,
      phase: 'pending',
      since: now,
    };
    this.instances.set(id, one);
    this.#show(item, one);
    if (this.doomed === undefined) this.#start(this.#park.boot(one));
    else Object.assign(one, { phase: 'terminated', ended: this.doomed });
  }

  #describe(tree: Tree): void {
    const response = tree['DescribeInstancesResponse'] as Item;
    const set = response['reservationSet'] as { item?: Item[] } | '' | undefined;
    if (!set) return;
    for (const reservation of set.item ?? []) {
      const instances = reservation['instancesSet'] as { item?: Item[] };
      instances.item = (instances.item ?? []).filter((item) => {
        const one = this.instances.get(text(item['instanceId']));
        if (!one || !this.#isVisible(one)) return false;
        this.#show(item, one);
        return true;
      });
    }
    set.item = (set.item ?? []).filter((one) => ((one['instancesSet'] as { item?: Item[] }).item ?? []).length > 0);
    if (set.item.length === 0) response['reservationSet'] = '';
  }

  /** Adds the current state and addresses. */
  #show(item: Item, one: Instance): void {
    const { phase } = one;
    item['instanceState'] = { code: CODES[phase], name: phase };
    const addressed = phase === 'running' && Date.now() - one.since >= this.#latency.address;
    const gone = phase === 'terminated' || phase === 'shutting-down';
    item['dnsName'] = '';
    item['privateDnsName'] = '';
    delete item['ipAddress'];
    if (addressed) item['ipAddress'] = one.publicAddress;
    if (phase === 'terminated') delete item['privateIpAddress'];
    const reason = one.ended ?? 'Client.UserInitiatedShutdown: User initiated shutdown';
    if (gone) item['stateReason'] = { code: reason.split(':')[0], message: reason };
    // swarmup doesn't read these, and moto fills them with public addresses of other people.
    item['networkInterfaceSet'] = '';
  }

  #change(params: Readonly<Record<string, string>>, phase: Phase, work: (one: Instance) => Promise<void>): void {
    for (const id of idsOf(params)) {
      const one = this.#get(id);
      const settled =
        one.phase === phase || one.phase === 'terminated' || (phase === 'pending' && one.phase === 'running');
      if (settled || (phase === 'stopping' && one.phase === 'stopped')) continue;
      Object.assign(one, { phase, since: Date.now() });
      this.#start(work(one));
    }
  }

  #start(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => void this.failures.push(error))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }

  #isVisible(one: Instance): boolean {
    return !this.hidden && Date.now() - one.born >= this.#latency.visible;
  }

  #mustBeUnused(group: string): void {
    const holder = [...this.instances.values()].find(
      (one) =>
        one.groups.includes(group) && (one.phase !== 'terminated' || Date.now() - one.since < this.#latency.interface),
    );
    if (holder) throw new ApiError('DependencyViolation', `resource ${group} has a dependent object`);
  }

  #get(id: string): Instance {
    const one = this.instances.get(id);
    if (!one) throw new ApiError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    return one;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The instances that a call names. */
function idsOf(params: Readonly<Record<string, string>>): string[] {
  return Object.entries(params).flatMap(([key, value]) =>
    /^(InstanceId(\.\d+)?|ResourceId\.\d+)$/.test(key) && value.startsWith('i-') ? [value] : [],
  );
}

function items(tree: Tree, response: string, set: string): Item[] {
  const list = (tree[response] as Item | undefined)?.[set] as { item?: Item[] } | '' | undefined;
  return (list || undefined)?.item ?? [];
}

/** The request without its token: what must not differ under the same token. */
function fingerprint(params: Readonly<Record<string, string>>): string {
  const rest = Object.entries(params)
    .filter(([key]) => key !== 'ClientToken')
    .sort(([a], [b]) => a.localeCompare(b));
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}
