import type { SecurityGroup as Ec2Group } from '@aws-sdk/client-ec2';
import type { NodeSpec } from '../../config/model.ts';
import { publishedPorts, publishedUdpPorts } from '../../config/selections.ts';
import { bridgesOf, chosenOverlap, noPoolBeside, poolBeside, type Taken } from '../../config/pools.ts';
import { SwarmupError } from '../../util/errors.ts';
import { fetchText } from '../../remote/download.ts';
import { created, removed, updated, type Change } from '../../contracts/change.ts';
import { sentenceOf } from '../../contracts/change-sentence.ts';
import type { ProviderIo, SharedThings } from '../../contracts/provider.ts';
import { checkRights } from './dry-run.ts';
import type { Inventory } from './inventory.ts';
import { KeyPair, type KeyPairTools } from './key-pair.ts';
import { leftovers } from './leftovers.ts';
import { networksOf } from './networks.ts';
import { checkQuota, type QuotaReader } from './quota.ts';
import { describeRule, wantedRules, type Rule } from './rules.ts';
import { compareRules, SecurityGroup } from './security-group.ts';
import type { Survey } from './survey.ts';
import { resourceName } from './tags.ts';

export interface SharedTools extends KeyPairTools {
  readonly inventory: Inventory;
  readonly survey: (io: ProviderIo) => Promise<Survey>;
  readonly quotas: () => Promise<QuotaReader>;
}

/** A change, and the function that makes it. */
type Step = Change & { readonly make: (signal: AbortSignal) => Promise<void> };

/** What the machines share: the key pair for logging in, and the security group that decides who may reach them. */
export class AwsShared implements SharedThings {
  readonly #tools: SharedTools;
  readonly #keyPair: KeyPair;
  readonly #group: SecurityGroup;
  #address: Promise<string> | undefined;
  #networks: readonly Taken[] | undefined;
  #checked = false;

  constructor(tools: SharedTools) {
    this.#tools = tools;
    this.#keyPair = new KeyPair(tools);
    this.#group = new SecurityGroup(tools);
  }

  async plan(io: ProviderIo): Promise<readonly Change[]> {
    const steps = await this.#steps(io, true);
    return steps.map(({ make: _make, ...change }) => change);
  }

  async apply(io: ProviderIo): Promise<void> {
    for (const step of await this.#steps(io, false)) {
      io.signal.throwIfAborted();
      io.report(sentenceOf(step));
      await step.make(io.signal);
    }
  }

  leftovers(signal: AbortSignal): Promise<readonly Change[]> {
    return leftovers(this.#tools, signal);
  }

  /** The ID of the cluster's security group. @throws SwarmupError CLOUD_INVALID when there is none yet */
  groupId(signal: AbortSignal): Promise<string> {
    return this.#group.id(signal);
  }

  async #steps(io: ProviderIo, checking: boolean): Promise<readonly Step[]> {
    const { cluster, inventory } = this.#tools;
    const [group, key, machines, rules] = await Promise.all([
      this.#group.find(io.signal),
      this.#keyPair.find(io.signal),
      inventory.list(io.signal),
      this.#rules(io.signal),
    ]);
    const missing = cluster.nodes.filter((node) => !machines.some((machine) => machine.name === node.name));
    if (missing.length > 0 && checking) await this.#check(group, missing, io);
    // The pool can't be changed once there is a swarm.
    if (machines.length === 0 && checking) await this.#checkPools(io);
    const keyChange = await this.#keyPair.change(key, machines.length > 0);
    const { open, close } = compareRules(group, rules);
    const own = ['securityGroups', resourceName(cluster.name)];
    const steps: (Step | false | undefined)[] = [
      keyChange && { ...keyChange, make: (signal) => this.#keyPair.import(key, signal) },
      !group && {
        ...created(own),
        make: async (signal) => this.#group.create((await this.#tools.survey(io)).vpc, signal),
      },
      ...bySource(open).map(({ source, some, shown }): Step => ({
        ...(group
          ? updated([...own, 'ingress', source], undefined, shown)
          : created([...own, 'ingress', source], shown)),
        make: (signal) => this.#group.open(some, signal),
      })),
      ...bySource(close).map(({ source, some, shown }): Step => ({
        ...removed([...own, 'ingress', source], { from: shown }),
        make: (signal) => this.#group.close(some, signal),
      })),
    ];
    return steps.filter((step) => step !== undefined && step !== false);
  }

  /** Checks for everything known to fail later, once per run and before anything is created. */
  async #check(group: Ec2Group | undefined, missing: readonly NodeSpec[], io: ProviderIo): Promise<void> {
    const survey = await this.#tools.survey(io);
    for (const node of this.#tools.cluster.nodes) survey.choose(node);
    if (group && group.VpcId !== survey.vpc) throw otherVpc(group, survey.vpc);
    if (this.#checked) return;
    await checkRights({ ...this.#tools, survey, group: group?.GroupId }, io);
    await checkQuota({ ...this.#tools, survey, missing }, io);
    this.#checked = true;
  }

  /** The swarm's networks must not overlap what the machines reach through the VPC. */
  async #checkPools(io: ProviderIo): Promise<void> {
    const { cluster, api } = this.#tools;
    const { subnets } = await this.#tools.survey(io);
    this.#networks ??= await networksOf(api, subnets, io.signal);
    const taken = [...this.#networks, ...bridgesOf(cluster.docker.daemon)];
    const overlap = chosenOverlap(cluster, ['pool', 'subnets'], taken);
    if (overlap) throw overlap;
    if (cluster.swarm.addressPool.length === 0 && !poolBeside(taken, cluster.swarm.subnetSize))
      throw noPoolBeside(taken);
  }

  async #rules(signal: AbortSignal): Promise<Rule[]> {
    const { allow } = this.#tools.config;
    const resolve = (ranges: readonly string[]) =>
      Promise.all(ranges.map(async (range) => (range === 'my-address' ? this.#myAddress(signal) : range)));
    const [ssh, published] = await Promise.all([resolve(allow.ssh), resolve(allow.published)]);
    const { cluster } = this.#tools;
    const ports = [
      ...publishedPorts(cluster).map((port) => ({ published: port, protocol: 'tcp' as const })),
      ...publishedUdpPorts(cluster).map((port) => ({ published: port, protocol: 'udp' as const })),
    ];
    return wantedRules({ swarm: cluster.swarm, ssh, published, ports });
  }

  /** This computer's public address, as a range of one address. */
  #myAddress(signal: AbortSignal): Promise<string> {
    const { addressService } = this.#tools.config.allow;
    this.#address ??= fetchText(addressService, signal).then((text) => {
      const address = text?.trim();
      if (address !== undefined && /^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return `${address}/32`;
      throw new SwarmupError('CLOUD_INVALID', `${addressService} did not return this computer's public address`, {
        fix: 'Name the ranges that may reach the machines in provider.allow.ssh and provider.allow.published.',
      });
    });
    return this.#address;
  }
}

interface Opening {
  readonly source: string;
  readonly some: readonly Rule[];
  /** Each rule as shown to the user: "22/tcp (SSH)". */
  readonly shown: readonly string[];
}

/** Rules grouped by source. */
function bySource(rules: readonly Rule[]): Opening[] {
  return [...Map.groupBy(rules, (rule) => rule.source)].map(([source, some]) => ({
    source,
    some,
    shown: some.map(describeRule),
  }));
}

function otherVpc(group: Ec2Group, wanted: string): SwarmupError {
  return new SwarmupError(
    'CLOUD_INVALID',
    `the cluster's security group is in ${group.VpcId}, but provider.subnets are in ${wanted}`,
    { fix: "A cluster can't move to another VPC: name subnets of its current VPC, or run 'swarmup down' first." },
  );
}
