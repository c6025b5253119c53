import type { SecurityGroup as Ec2Group } from '@aws-sdk/client-ec2';
import type { Cluster } from '../../config/model.ts';
import { SwarmupError } from '../../util/errors.ts';
import { SingleFlight } from '../../async/single-flight.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { isEc2, nameTaken } from './errors.ts';
import { permissionOf, ruleKey, rulesOf, type Rule } from './rules.ts';
import { ownFilters, resourceName, tagsOf, tagSpecifications } from './tags.ts';

export interface GroupTools {
  readonly api: Ec2Api;
  readonly cluster: Cluster;
  readonly config: AwsConfig;
}

/** The security group of a cluster's machines, which decides who may reach them. */
export class SecurityGroup {
  readonly #tools: GroupTools;
  readonly #ids = new SingleFlight<string>();

  constructor(tools: GroupTools) {
    this.#tools = tools;
  }

  async find(signal: AbortSignal): Promise<Ec2Group | undefined> {
    const { api, cluster } = this.#tools;
    const { SecurityGroups = [] } = await api.DescribeSecurityGroups({ Filters: ownFilters(cluster.name) }, signal);
    return SecurityGroups[0];
  }

  /** The group's ID, queried once. @throws SwarmupError CLOUD_INVALID when there is none yet */
  id(signal: AbortSignal): Promise<string> {
    return this.#ids.share('id', signal, async (shared) => {
      const found = await this.find(shared);
      if (found?.GroupId) return found.GroupId;
      throw new SwarmupError('CLOUD_INVALID', `the security group of ${this.#tools.cluster.name} does not exist`, {
        fix: "Run 'swarmup up': its step prepare-provider creates it.",
      });
    });
  }

  async create(vpc: string, signal: AbortSignal): Promise<void> {
    const { api, cluster, config } = this.#tools;
    const GroupName = resourceName(cluster.name);
    const tags = tagsOf(cluster.name, { ...config.tags, Name: GroupName });
    try {
      await api.CreateSecurityGroup(
        {
          GroupName,
          Description: `The machines of the swarm ${cluster.name}`,
          VpcId: vpc,
          TagSpecifications: tagSpecifications(['security-group'], tags),
        },
        signal,
      );
    } catch (error) {
      // A killed run may have just created it; a group of others isn't found by our tags.
      if (!isEc2(error, 'InvalidGroup.Duplicate')) throw error;
      if (!(await this.find(signal))) throw nameTaken('security group', GroupName, error);
    }
  }

  async open(rules: readonly Rule[], signal: AbortSignal): Promise<void> {
    const GroupId = await this.id(signal);
    const permit = (some: readonly Rule[]) =>
      this.#tools.api.AuthorizeSecurityGroupIngress(
        { GroupId, IpPermissions: some.map((rule) => permissionOf(rule, GroupId)) },
        signal,
      );
    const unlessThere = (error: unknown) => {
      if (!isEc2(error, 'InvalidPermission.Duplicate')) throw error;
    };
    try {
      await permit(rules);
    } catch (error) {
      unlessThere(error);
      // One of the rules exists already, so EC2 added none: add them one by one.
      for (const rule of rules) await permit([rule]).catch(unlessThere);
    }
  }

  async close(rules: readonly Rule[], signal: AbortSignal): Promise<void> {
    const GroupId = await this.id(signal);
    try {
      await this.#tools.api.RevokeSecurityGroupIngress(
        { GroupId, IpPermissions: rules.map((rule) => permissionOf(rule, GroupId)) },
        signal,
      );
    } catch (error) {
      // Another process added it first.
      if (!isEc2(error, 'InvalidPermission.NotFound')) throw error;
    }
  }
}

/** The rules that a group lacks, and the rules of swarmup's that it shouldn't have. */
export function compareRules(group: Ec2Group | undefined, wanted: readonly Rule[]): { open: Rule[]; close: Rule[] } {
  const there = group?.GroupId ? rulesOf(group.GroupId, group.IpPermissions ?? []) : [];
  const keys = new Set(there.map(ruleKey));
  const wantedKeys = new Set(wanted.map(ruleKey));
  return {
    open: wanted.filter((rule) => !keys.has(ruleKey(rule))),
    close: there.filter((rule) => rule.ours && !wantedKeys.has(ruleKey(rule))),
  };
}
