import type { KeyPairInfo, SecurityGroup } from '@aws-sdk/client-ec2';
import { publishedPorts, type Cluster } from '../../config/model.ts';
import { SwarmupError } from '../../errors.ts';
import { fetchText } from '../../remote/download.ts';
import { SingleFlight } from '../../single-flight.ts';
import type { Change } from '../../task.ts';
import { clusterKey, knownClusterKey } from '../cluster-key.ts';
import type { ProviderIo, SharedThings } from '../provider.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { checkRights } from './dry-run.ts';
import { isEc2 } from './errors.ts';
import type { Inventory } from './inventory.ts';
import { leftovers } from './leftovers.ts';
import { describeRule, permissionOf, ruleKey, rulesOf, wantedRules, type Rule } from './rules.ts';
import type { Survey } from './survey.ts';
import { ownFilters, resourceName, tagsOf, tagSpecifications } from './tags.ts';

export interface SharedTools {
  readonly api: Ec2Api;
  readonly cluster: Cluster;
  readonly config: AwsConfig;
  readonly inventory: Inventory;
  readonly identityFile: string;
  readonly survey: (io: ProviderIo) => Promise<Survey>;
}

type Wanted = Change &
  (
    | { readonly kind: 'key'; readonly old: KeyPairInfo | undefined }
    | { readonly kind: 'group' }
    | { readonly kind: 'open' | 'close'; readonly rules: readonly Rule[] }
  );

/** What the machines have in common: the key pair that lets us in, and the security group that lets others in. */
export class AwsShared implements SharedThings {
  readonly #tools: SharedTools;
  #address: Promise<string> | undefined;
  #checked = false;
  readonly #groups = new SingleFlight<string>();

  constructor(tools: SharedTools) {
    this.#tools = tools;
  }

  plan(io: ProviderIo): Promise<readonly Wanted[]> {
    return this.#look(io, true);
  }

  async apply(io: ProviderIo): Promise<void> {
    // The group comes first: its rules need its id.
    for (const change of await this.#look(io, false)) {
      io.signal.throwIfAborted();
      io.report(change.summary);
      if (change.kind === 'key') await this.#importKey(change.old, io);
      else if (change.kind === 'group') await this.#createGroup(io);
      else if (change.kind === 'open') await this.#open(change.rules, io);
      else await this.#close(change.rules, io);
    }
  }

  leftovers(signal: AbortSignal): Promise<readonly string[]> {
    return leftovers(this.#tools, signal);
  }

  /** The id of the cluster's security group, asked for once. @throws SwarmupError CLOUD_INVALID when there is none yet */
  group(signal: AbortSignal): Promise<string> {
    return this.#groups.run('group', () => this.#groupId(signal));
  }

  async #groupId(signal: AbortSignal): Promise<string> {
    const found = await this.#findGroup(signal);
    if (found?.GroupId) return found.GroupId;
    throw new SwarmupError('CLOUD_INVALID', `the security group of ${this.#tools.cluster.name} is not there`, {
      fix: "Run 'swarmup up': its step prepare-provider makes it.",
    });
  }

  async #look(io: ProviderIo, checking: boolean): Promise<Wanted[]> {
    const { cluster, inventory } = this.#tools;
    const [group, key, machines, rules] = await Promise.all([
      this.#findGroup(io.signal),
      this.#findKey(io.signal),
      inventory.list(io.signal),
      this.#wantedRules(io),
    ]);
    const missing = cluster.nodes.some((node) => !machines.some((machine) => machine.name === node.name));
    if (missing && checking) {
      const survey = await this.#tools.survey(io);
      for (const node of cluster.nodes) survey.choose(node);
      if (group && group.VpcId !== survey.vpc) throw otherVpc(group, survey.vpc);
      if (!this.#checked) await checkRights({ ...this.#tools, survey, group: group?.GroupId }, io);
      this.#checked = true;
    }
    const name = resourceName(cluster.name);
    const there = group?.GroupId ? rulesOf(group.GroupId, group.IpPermissions ?? []) : [];
    const keys = new Set(there.map(ruleKey));
    const wantedKeys = new Set(rules.map(ruleKey));
    const open = rules.filter((rule) => !keys.has(ruleKey(rule)));
    const close = there.filter((rule) => rule.ours && !wantedKeys.has(ruleKey(rule)));
    return [
      ...(await this.#keyChange(key, machines.length > 0)),
      ...(group ? [] : [{ kind: 'group' as const, action: 'create' as const, summary: `security group ${name}` }]),
      ...(open.length > 0
        ? [{ ...ruleChange('open', open), action: group ? ('update' as const) : ('create' as const) }]
        : []),
      ...(close.length > 0 ? [ruleChange('close', close)] : []),
    ];
  }

  async #keyChange(key: KeyPairInfo | undefined, machines: boolean): Promise<Wanted[]> {
    const { cluster, identityFile } = this.#tools;
    const name = resourceName(cluster.name);
    if (!key) return [{ kind: 'key', old: undefined, action: 'create', summary: `key pair ${name}` }];
    const known = await knownClusterKey(identityFile);
    if (known !== undefined && sameKey(known, key.PublicKey)) return [];
    if (!machines)
      return [{ kind: 'key', old: key, action: 'update', summary: `key pair ${name}: replaced by the one here` }];
    throw new SwarmupError(
      'CLOUD_FOREIGN',
      `the machines of ${cluster.name} were made from another computer: their key is not ${identityFile}`,
      {
        fix: `Copy ${identityFile} and ${identityFile}.pub from there (status and down work without them).`,
      },
    );
  }

  async #wantedRules({ signal }: ProviderIo): Promise<Rule[]> {
    const { allow } = this.#tools.config;
    const resolve = (ranges: readonly string[]) =>
      Promise.all(ranges.map(async (range) => (range === 'my-address' ? this.#myAddress(signal) : range)));
    const [ssh, published] = await Promise.all([resolve(allow.ssh), resolve(allow.published)]);
    const ports = publishedPorts(this.#tools.cluster).map((port) => ({ published: port, protocol: 'tcp' as const }));
    return wantedRules({ ssh, published, ports });
  }

  /** The address that the world sees this computer at, as a range of one. */
  #myAddress(signal: AbortSignal): Promise<string> {
    const { addressService } = this.#tools.config.allow;
    this.#address ??= fetchText(addressService, signal).then((text) => {
      const address = text?.trim();
      if (address !== undefined && /^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return `${address}/32`;
      throw new SwarmupError('CLOUD_INVALID', `${addressService} doesn't tell this computer's public address`, {
        fix: 'Name the ranges that may reach the machines in provider.allow.ssh and provider.allow.published.',
      });
    });
    return this.#address;
  }

  async #findGroup(signal: AbortSignal): Promise<SecurityGroup | undefined> {
    const { api, cluster } = this.#tools;
    const { SecurityGroups = [] } = await api.DescribeSecurityGroups({ Filters: ownFilters(cluster.name) }, signal);
    return SecurityGroups[0];
  }

  async #findKey(signal: AbortSignal): Promise<KeyPairInfo | undefined> {
    const { api, cluster } = this.#tools;
    const input = { Filters: ownFilters(cluster.name), IncludePublicKey: true };
    return (await api.DescribeKeyPairs(input, signal)).KeyPairs?.[0];
  }

  async #importKey(old: KeyPairInfo | undefined, { signal }: ProviderIo): Promise<void> {
    const { api, cluster, config, identityFile } = this.#tools;
    const publicKey = await clusterKey(identityFile, cluster.name);
    const KeyName = resourceName(cluster.name);
    if (old?.KeyPairId) await api.DeleteKeyPair({ KeyPairId: old.KeyPairId }, signal);
    try {
      await api.ImportKeyPair(
        {
          KeyName,
          PublicKeyMaterial: Buffer.from(publicKey),
          TagSpecifications: tagSpecifications(['key-pair'], tagsOf(cluster.name, config.tags)),
        },
        signal,
      );
    } catch (error) {
      // A run that was killed may have made it a moment ago; if it is another's, the next look doesn't find it.
      if (!isEc2(error, 'InvalidKeyPair.Duplicate')) throw error;
      const found = await this.#findKey(signal);
      if (!found || !sameKey(publicKey, found.PublicKey)) throw foreign('key pair', KeyName, error);
    }
  }

  async #createGroup({ signal }: ProviderIo): Promise<void> {
    const { api, cluster, config } = this.#tools;
    const GroupName = resourceName(cluster.name);
    const { vpc } = await this.#tools.survey({ signal, report: () => undefined, warn: () => undefined });
    try {
      await api.CreateSecurityGroup(
        {
          GroupName,
          Description: `The machines of the swarm ${cluster.name}`,
          VpcId: vpc,
          TagSpecifications: tagSpecifications(
            ['security-group'],
            tagsOf(cluster.name, { ...config.tags, Name: GroupName }),
          ),
        },
        signal,
      );
    } catch (error) {
      if (!isEc2(error, 'InvalidGroup.Duplicate')) throw error;
      if (!(await this.#findGroup(signal))) throw foreign('security group', GroupName, error);
    }
  }

  async #open(rules: readonly Rule[], { signal }: ProviderIo): Promise<void> {
    const GroupId = await this.group(signal);
    const permit = (some: readonly Rule[]) =>
      this.#tools.api.AuthorizeSecurityGroupIngress(
        { GroupId, IpPermissions: some.map((rule) => permissionOf(rule, GroupId)) },
        signal,
      );
    try {
      await permit(rules);
    } catch (error) {
      if (!isEc2(error, 'InvalidPermission.Duplicate')) throw error;
      // One of them is there, and none of the others was made: each by itself.
      for (const rule of rules)
        await permit([rule]).catch((again: unknown) => {
          if (!isEc2(again, 'InvalidPermission.Duplicate')) throw again;
        });
    }
  }

  async #close(rules: readonly Rule[], { signal }: ProviderIo): Promise<void> {
    const GroupId = await this.group(signal);
    try {
      await this.#tools.api.RevokeSecurityGroupIngress(
        { GroupId, IpPermissions: rules.map((rule) => permissionOf(rule, GroupId)) },
        signal,
      );
    } catch (error) {
      // Somebody was faster.
      if (!isEc2(error, 'InvalidPermission.NotFound')) throw error;
    }
  }
}

function ruleChange(kind: 'open' | 'close', rules: readonly Rule[]): Wanted {
  return {
    kind,
    rules,
    action: kind === 'open' ? 'update' : 'remove',
    summary: `${kind === 'open' ? 'open' : 'close'} ${rules.map(describeRule).join(', ')}`,
  };
}

/** Comments are no part of a key. */
function sameKey(a: string, b: string | undefined): boolean {
  const bare = (key: string) => key.trim().split(/\s+/).slice(0, 2).join(' ');
  return b !== undefined && bare(a) === bare(b);
}

function foreign(kind: string, name: string, cause: unknown): SwarmupError {
  return new SwarmupError('CLOUD_FOREIGN', `there is a ${kind} ${name} that swarmup didn't make`, {
    fix: `swarmup touches only what carries its tags. Rename the cluster, or remove that ${kind} if nobody needs it.`,
    cause,
  });
}

function otherVpc(group: SecurityGroup, wanted: string): SwarmupError {
  return new SwarmupError(
    'CLOUD_INVALID',
    `the cluster's security group is in ${group.VpcId}, and provider.subnets are in ${wanted}`,
    { fix: "A cluster can't move to another VPC: name subnets of its own, or take it down first." },
  );
}
