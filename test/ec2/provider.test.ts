import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CreateSecurityGroupCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waiting } from '../../lib/contracts/change.ts';
import { sentenceOf } from '../../lib/contracts/change-sentence.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { clusterOf } from '../support/cluster.ts';
import { bringUp, Cloud, CREDENTIALS, quiet, takeDown } from './cloud.ts';
import { REGION, type Call } from './front.ts';
import { AMI } from './images.ts';

Object.assign(process.env, CREDENTIALS);
let cloud: Cloud;
/** Another user of the same account. */
let other: EC2Client;

beforeAll(async () => {
  cloud = await Cloud.open();
  other = new EC2Client({
    region: REGION,
    endpoint: cloud.url,
    credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' },
  });
});
beforeEach(() => cloud.reset());
afterAll(async () => {
  other.destroy();
  await cloud.close();
});

const of = (action: string) =>
  cloud.front.calls.filter((call) => call.action === action && call.params['DryRun'] !== 'true');
const runs = () => of('RunInstances');
const made = async (cluster: Cluster) => {
  const provider = await cloud.provider(cluster);
  const io = quiet();
  await bringUp(provider, cluster, io);
  return { provider, io };
};
/** The tags in a request, by key. */
const tagsIn = ({ params }: Call): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params).flatMap(([key, value]) => {
      const at = /^TagSpecification\.1\.Tag\.(\d+)\.Key$/.exec(key)?.[1];
      return at ? [[value, params[`TagSpecification.1.Tag.${at}.Value`] ?? '']] : [];
    }),
  );
const zones = () =>
  Object.fromEntries([...cloud.front.account.instances.values()].map((one) => [one.node, one.zone.slice(-1)]));
/** The rules of a group, in short. */
const openings = () =>
  of('AuthorizeSecurityGroupIngress').flatMap(({ params }) =>
    Object.entries(params).flatMap(([key, protocol]) => {
      const at = /^(IpPermissions\.\d+)\.IpProtocol$/.exec(key)?.[1];
      if (!at) return [];
      const source = params[`${at}.IpRanges.1.CidrIp`] ?? (params[`${at}.Groups.1.GroupId`] ? 'self' : 'nobody');
      return [`${params[`${at}.FromPort`] ?? '-'}/${protocol} ${source}`];
    }),
  );

describe('machines', () => {
  it('are spread over the zones, per role', async () => {
    await made(await cloud.cluster('spread', 5, 4));
    expect(zones()).toEqual({
      manager1: 'a',
      manager2: 'b',
      manager3: 'c',
      manager4: 'a',
      manager5: 'b',
      worker1: 'a',
      worker2: 'b',
      worker3: 'c',
      worker4: 'a',
    });
  });

  it('are tagged, encrypted and closed to unauthenticated metadata from the start', async () => {
    await made(await cloud.cluster('safe', 1, 0, `tags: { team: blue }`));
    const [run] = runs();
    expect(run?.params).toMatchObject({
      'MetadataOptions.HttpTokens': 'required',
      'MetadataOptions.HttpPutResponseHopLimit': '1',
      'BlockDeviceMapping.1.Ebs.Encrypted': 'true',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '20',
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.2.ResourceType': 'volume',
      'TagSpecification.3.ResourceType': 'network-interface',
    });
    expect(tagsIn(run!)).toEqual({
      team: 'blue',
      Name: 'swarmup-safe-manager1',
      'swarmup:managed-by': 'swarmup',
      'swarmup:cluster': 'safe',
      'swarmup:node': 'manager1',
      'swarmup:role': 'manager',
      'swarmup:image': 'ubuntu-24.04',
    });
    const userData = Buffer.from(run!.params['UserData'] ?? '', 'base64').toString();
    expect(userData).toContain('"hostname": "manager1"');
    expect(userData).not.toMatch(/PRIVATE KEY|password"?:|token/i);
  });

  it('allow traffic among each other, and from outside only from the caller', async () => {
    cloud.front.callersAddress = '203.0.113.7';
    await made(await cloud.cluster('closed', 1, 0));
    expect(openings().toSorted()).toEqual([
      '-/50 self',
      '22/tcp 203.0.113.7/32',
      '2377/tcp self',
      '4789/udp self',
      '7946/tcp self',
      '7946/udp self',
      '80/tcp 203.0.113.7/32',
    ]);
  });

  it('are reached with the user and the key of their image', async () => {
    const cluster = await cloud.cluster('user', 1, 0, 'image: debian-13');
    const { provider } = await made(cluster);
    const [machine] = await provider.list(quiet().signal);
    expect(machine).toMatchObject({
      state: 'running',
      ssh: {
        user: 'admin',
        port: 22,
        host: expect.stringMatching(/^127\./),
        hostKey: expect.stringMatching(/^ssh-ed25519 AAAA/),
      },
      rented: { id: expect.stringMatching(/^i-/), type: 't3.small', zone: `${REGION}a` },
    });
    expect(provider.endpoint(machine!, 80)).toEqual({ host: machine!.ssh.host, port: 80 });
  });

  it('have no public address behind a bastion, and are reached through it', async () => {
    const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const bastion = `bastion: { host: gate.example.org, user: me, identityFile: id, hostKey: '${hostKey}' }`;
    const allow = `allow: { ssh: [172.31.0.0/16], published: [172.31.0.0/16], addressService: '${cloud.url}' }`;
    const section = `{ type: aws, region: ${REGION}, endpoint: '${cloud.url}', ${allow}, ${bastion} }`;
    const cluster = await clusterOf(`name: behind\nprovider: ${section}\nnodes: { managers: 1 }\n`);
    const { provider } = await made(cluster);
    const [machine] = await provider.list(quiet().signal);
    expect(runs()[0]?.params['NetworkInterface.1.AssociatePublicIpAddress']).toBe('false');
    const via = { host: 'gate.example.org', port: 22, user: 'me', hostKey };
    expect(machine?.ssh).toMatchObject({ host: machine?.address, port: 22, via });
    expect(provider.endpoint(machine!, 80)).toMatchObject({ host: machine?.address, port: 80, via });
    expect(openings()).toContain('22/tcp 172.31.0.0/16');
  });

  it('may be of another type for a role or a node', async () => {
    await made(
      await cloud.cluster('types', 1, 2, 'instanceType: { manager: t3.medium, nodes: { worker2: m5.large } }'),
    );
    const types = Object.fromEntries(runs().map((run) => [tagsIn(run)['swarmup:node'], run.params['InstanceType']]));
    expect(types).toEqual({ manager1: 't3.medium', worker1: 't3.small', worker2: 'm5.large' });
  });

  it('are spot instances where the file says so, workers only, and are then never stopped', async () => {
    const cluster = await cloud.cluster('spot', 1, 1, 'spot: workers');
    await made(cluster);
    const markets = Object.fromEntries(
      runs().map((run) => [tagsIn(run)['swarmup:node'], run.params['InstanceMarketOptions.MarketType']]),
    );
    expect(markets).toEqual({ manager1: undefined, worker1: 'spot' });
  });
});

describe('an image', () => {
  it.each([
    ['ubuntu-24.04', AMI.noble],
    ['ubuntu-22.04', AMI.jammy],
    ['ubuntu-18.04', AMI.bionic],
    ['debian-13', AMI.trixie],
    ['debian-12', AMI.bookworm],
    ['amazon-linux-2023', AMI.amazon],
  ])('named %s is the newest one of its publisher', async (name, id) => {
    const { io } = await made(await cloud.cluster('image', 1, 0, `image: ${name}`));
    expect(runs()[0]?.params['ImageId']).toBe(id);
    expect(io.warnings.join()).toMatch(name === 'ubuntu-18.04' ? /subscribers/ : /^$/);
  });

  it('is for the architecture of the instance type', async () => {
    await made(await cloud.cluster('arm', 1, 0, 'instanceType: t4g.small'));
    expect(runs()[0]?.params['ImageId']).toBe(AMI.nobleArm);
  });

  it('may be the user’s own, with its user', async () => {
    const { provider } = await made(await cloud.cluster('own', 1, 0, `image: { id: ${AMI.jammy}, user: me }`));
    expect((await provider.list(quiet().signal))[0]?.ssh.user).toBe('me');
  });
});

describe('before any machine is made', () => {
  it.each([
    ['an unknown instance type', 'instanceType: t3.smal', /t3\.smal.*InvalidInstanceType/s, /instanceType/],
    ['an unknown subnet', 'subnets: [subnet-0123456789abcdef0]', /subnet-0123456789abcdef0/, /provider\.subnets/],
    ['an unknown zone', 'zones: [eu-central-1z]', /no subnet in eu-central-1z/, /eu-central-1a, eu-central-1b/],
    ['an unknown image', 'image: { id: ami-0123456789abcdef0, user: x }', /ami-0123456789abcdef0/, /provider\.image/],
    [
      'an image for another architecture',
      `instanceType: t4g.small, image: { id: ${AMI.jammy}, user: x }`,
      /is for x86_64, but the instance type is arm64/,
      /same architecture/,
    ],
  ])('%s is refused with the reason', async (_what, section, message, fix) => {
    const cluster = await cloud.cluster('wrong', 1, 0, section);
    const plan = (await cloud.provider(cluster)).shared?.plan(quiet());
    await expect(plan).rejects.toMatchObject({
      code: 'CLOUD_INVALID',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it('a type that no zone of the file offers is refused with the zones that do', async () => {
    const cluster = await cloud.cluster('offered', 1, 0, `zones: [${REGION}a]`);
    cloud.front.unoffered.add(`${REGION}a`);
    await expect((await cloud.provider(cluster)).shared?.plan(quiet())).rejects.toMatchObject({
      code: 'CLOUD_INVALID',
      message: expect.stringMatching(/t3\.small, for manager1, is offered in none of the zones eu-central-1a/),
      fix: expect.stringContaining('eu-central-1b, eu-central-1c'),
    });
  });

  it.each(['RunInstances', 'ImportKeyPair', 'CreateSecurityGroup', 'DescribeInstances', 'DescribeImages'])(
    'a missing permission for %s is named, and nothing was created',
    async (action) => {
      const empty = await cloud.contents();
      cloud.front.fault = (call) =>
        call.action === action
          ? {
              refuse: 'UnauthorizedOperation',
              message: 'You are not authorized to perform this operation. Encoded authorization failure message: XYZ',
              status: 403,
            }
          : undefined;
      const cluster = await cloud.cluster('denied', 1, 1);
      const provider = await cloud.provider(cluster);
      const denied = bringUp(provider, cluster, quiet());
      await expect(denied).rejects.toMatchObject({
        code: 'CLOUD_DENIED',
        message: expect.not.stringContaining('XYZ'),
        fix: expect.stringContaining(`ec2:${action}`),
      });
      cloud.front.fault = () => undefined;
      expect(await cloud.contents()).toEqual(empty);
    },
  );

  it('invalid credentials are reported', async () => {
    cloud.front.fault = () => ({
      refuse: 'AuthFailure',
      message: 'AWS was not able to validate the provided access credentials',
      status: 401,
    });
    const cluster = await cloud.cluster('nobody', 1, 0);
    await expect((await cloud.provider(cluster)).list(quiet().signal)).rejects.toMatchObject({
      code: 'CLOUD_CREDENTIALS',
      fix: expect.stringContaining('aws sso login'),
    });
  });

  it('a quota that is too small is reported with the arithmetic, and nothing was created', async () => {
    await made(await cloud.cluster('present', 1, 0));
    const before = await cloud.contents();
    cloud.front.quota = 5;
    const cluster = await cloud.cluster('many', 1, 2);
    // moto reports one core with one thread for the running instances.
    await expect(made(cluster)).rejects.toMatchObject({
      code: 'CLOUD_LIMIT',
      message: 'the on-demand quota of this account is 5 vCPUs: 1 are in use, and 6 more are needed',
      fix: expect.stringContaining('L-1216C47A'),
    });
    expect(await cloud.contents()).toEqual(before);
    // Only missing machines count, not existing ones.
    cloud.front.quota = 7;
    await made(cluster);
    await made(cluster);
  });

  it("a quota that can't be read only causes a warning", async () => {
    cloud.front.quota = null;
    const { io } = await made(await cloud.cluster('blind', 1, 0));
    expect(io.warnings).toEqual([
      expect.stringMatching(/^the on-demand quota can't be read, and wasn't checked: not authorized/),
    ]);
  });

  it("a caller address that can't be detected is an error that asks for allow.ssh", async () => {
    cloud.front.callersAddress = '<html>';
    const cluster = await cloud.cluster('where', 1, 0);
    await expect((await cloud.provider(cluster)).shared?.plan(quiet())).rejects.toMatchObject({
      code: 'CLOUD_INVALID',
      fix: expect.stringContaining('provider.allow.ssh'),
    });
    cloud.front.callersAddress = '203.0.113.7';
  });
});

describe('creating machines', () => {
  it('survives throttling', async () => {
    let refused = 0;
    cloud.front.fault = (_call, count) =>
      count % 5 === 0 && refused++ < 4
        ? { refuse: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 }
        : undefined;
    const cluster = await cloud.cluster('throttled', 1, 1);
    await made(cluster);
    expect(refused).toBeGreaterThan(3);
    expect(cloud.front.account.instances.size).toBe(2);
  });

  it('falls back to the next zone where one has no capacity', async () => {
    cloud.front.account.full.add(`${REGION}a`);
    const { io } = await made(await cloud.cluster('full', 1, 1));
    expect(zones()).toEqual({ manager1: 'b', worker1: 'b' });
    expect(io.warnings.join()).toContain(`${REGION}a has no capacity for a t3.small, requested for worker1`);
  });

  it('fails when no zone has capacity, and keeps existing machines', async () => {
    for (const zone of ['a', 'b', 'c']) cloud.front.account.full.add(`${REGION}${zone}`);
    const cluster = await cloud.cluster('packed', 1, 0);
    await expect(made(cluster)).rejects.toMatchObject({
      code: 'CLOUD_NO_CAPACITY',
      fix: expect.stringContaining('provider.instanceType'),
    });
    cloud.front.account.full.clear();
    await made(cluster);
    expect(cloud.front.account.instances.size).toBe(1);
  });

  it('names the exceeded limit', async () => {
    cloud.front.fault = ({ action, params }) =>
      action === 'RunInstances' && params['DryRun'] !== 'true'
        ? {
            refuse: 'VcpuLimitExceeded',
            message: 'You have requested more vCPU capacity than your current vCPU limit of 5',
          }
        : undefined;
    await expect(made(await cloud.cluster('limit', 1, 0))).rejects.toMatchObject({
      code: 'CLOUD_LIMIT',
      message: expect.stringContaining('limit of 5'),
      fix: expect.stringContaining('Service Quotas'),
    });
  });

  it('adopts the machine of an earlier run with the same token and other parameters', async () => {
    const before = await cloud.cluster('token', 1, 0, 'image: debian-12');
    await made(before);
    const first = runs()[0]?.params['ClientToken'];
    // Another image, and EC2 doesn't list the machine yet.
    const cluster = await cloud.cluster('token', 1, 0, 'image: debian-13');
    const provider = await cloud.provider(cluster);
    cloud.front.hideUntil = Date.now() + 300;
    await provider.create(cluster.nodes[0]!, quiet());
    expect(runs().map((run) => run.params['ClientToken'])).toEqual([first, first]);
    expect(cloud.front.account.instances.size).toBe(1);
  });

  it('replaces a terminated machine, with another token each time', async () => {
    const cluster = await cloud.cluster('again', 1, 0);
    const { provider } = await made(cluster);
    for (let n = 1; n <= 2; n++) {
      const [machine] = await provider.list(quiet().signal);
      await cloud.terminate(machine!.rented!.id);
      await made(cluster);
    }
    const tokens = runs().map((run) => run.params['ClientToken']);
    expect(new Set(tokens).size).toBe(3);
    expect((await cloud.contents()).filter((one) => one.startsWith('instance'))).toEqual(['instance manager1']);
  });

  it('removes a second machine with the same name, the younger one', async () => {
    const cluster = await cloud.cluster('double', 1, 0);
    const { provider } = await made(cluster);
    const [first] = await provider.list(quiet().signal);
    const { ClientToken: _token, ...again } = runInputOf(runs()[0]!);
    await other.send(new RunInstancesCommand(again));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [listed] = await (await cloud.provider(cluster)).list(quiet().signal);
    expect(provider.plan(cluster.nodes[0]!, listed)).toMatchObject([
      { action: 'remove', path: ['machines', 'manager1', 'instances', expect.stringMatching(/^i-/)] },
    ]);
    const { io } = await made(cluster);
    expect(io.warnings.join()).toContain('has a second machine');
    expect((await provider.list(quiet().signal)).map((machine) => machine.rented?.id)).toEqual([first?.rented?.id]);
    expect((await cloud.contents()).filter((one) => one.startsWith('instance'))).toEqual(['instance manager1']);
  });

  it('is completed by the next run after it was cut off, or the machine is stopped once possible', async () => {
    const cluster = await cloud.cluster('pending', 1, 0);
    const { provider } = await made(cluster);
    await provider.stop('manager1', quiet());
    const controller = new AbortController();
    cloud.front.fault = ({ action }) => {
      if (action === 'StartInstances') setTimeout(() => controller.abort(), 5);
      return undefined;
    };
    cloud.front.account.frozen = true;
    await expect(provider.create(cluster.nodes[0]!, quiet(controller.signal))).rejects.toThrow(/aborted|stopped/);
    cloud.front.fault = () => undefined;
    const next = await cloud.provider(cluster);
    const [machine] = await next.list(quiet().signal);
    expect(machine?.state).toBe('starting');
    expect(next.plan(cluster.nodes[0]!, machine)).toEqual([
      waiting(['machines', 'manager1'], { from: 'starting', to: 'running' }),
    ]);
    cloud.front.account.frozen = false;
    await next.stop('manager1', quiet());
    expect((await next.list(quiet().signal))[0]?.state).toBe('stopped');
  });

  it('reports why EC2 ended a machine at once', async () => {
    cloud.front.account.doomed = 'Client.InternalError: Client error on launch';
    await expect(made(await cloud.cluster('doomed', 1, 0))).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: expect.stringContaining('Client error on launch'),
    });
    cloud.front.account.doomed = undefined;
  });
});

describe('an existing cluster', () => {
  it('is found from another computer; with its key nothing is left to do', async () => {
    const cluster = await cloud.cluster('shared', 1, 1);
    await made(cluster);
    const provider = await cloud.provider(cluster);
    expect(await provider.shared?.plan(quiet())).toEqual([]);
    for (const node of cluster.nodes) {
      const [machine] = await provider.list(quiet().signal, [node.name]);
      expect(provider.plan(node, machine)).toEqual([]);
    }
  });

  it('needs its key for up, but not for down', async () => {
    const here = await cloud.cluster('keys', 1, 0);
    await made(here);
    const there = await cloud.cluster('keys', 1, 0);
    const provider = await cloud.provider(there);
    await expect(provider.shared?.plan(quiet())).rejects.toMatchObject({
      code: 'CLOUD_FOREIGN',
      fix: expect.stringContaining('id_ed25519'),
    });
    expect(await takeDown(provider, quiet())).toEqual([]);
    expect((await cloud.contents()).join()).not.toContain('swarmup');
  });

  it('that differs in type or image is reported, and left alone', async () => {
    await made(await cloud.cluster('differs', 1, 0));
    const cluster = await cloud.cluster('differs', 1, 0, 'image: debian-13, instanceType: t3.large');
    const provider = await cloud.provider(cluster);
    const [machine] = await provider.list(quiet().signal);
    const planned = provider.plan(cluster.nodes[0]!, machine);
    expect(planned.map(sentenceOf)).toEqual(['machine manager1: t3.small → t3.large, ubuntu-24.04 → debian-13']);
    expect(planned).toMatchObject([
      { action: 'update', replace: true, from: { type: 't3.small' }, to: { image: 'debian-13' } },
    ]);
  });

  it('opens to the current address of the caller, and closes to the previous one', async () => {
    const cluster = await cloud.cluster('moved', 1, 0);
    cloud.front.callersAddress = '203.0.113.7';
    await made(cluster);
    cloud.front.callersAddress = '203.0.113.8';
    const provider = await cloud.provider(cluster);
    expect((await provider.shared?.plan(quiet()))?.map(sentenceOf)).toEqual([
      'open for 203.0.113.8/32: 22/tcp (SSH), 80/tcp (published port)',
      'close for 203.0.113.7/32: 22/tcp (SSH), 80/tcp (published port)',
    ]);
    await provider.shared?.apply(quiet());
    expect(await (await cloud.provider(cluster)).shared?.plan(quiet())).toEqual([]);
  });

  it('has prices from the table that the file names only', async () => {
    const plain = await cloud.cluster('price', 1, 0);
    expect((await cloud.provider(plain)).price?.(plain.nodes[0]!)).toBeUndefined();
    const cluster = await cloud.cluster('price', 1, 0, 'prices: prices.yaml');
    await expect(cloud.provider(cluster)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    writeFileSync(join(dirname(cluster.file), 'prices.yaml'), 'currency: USD\nperHour: { t3.small: 0.0208 }\n');
    expect((await cloud.provider(cluster)).price?.(cluster.nodes[0]!)).toEqual({ amount: 0.0208, currency: 'USD' });
    rmSync(dirname(cluster.file), { recursive: true, force: true });
  });
});

describe('taking down', () => {
  it('leaves other clusters and untagged things alone', async () => {
    await made(await cloud.cluster('mine', 1, 0));
    const theirs = await cloud.cluster('theirs', 1, 1);
    await made(theirs);
    await other.send(new CreateSecurityGroupCommand({ GroupName: 'somebodys', Description: 'not ours' }));
    const before = await cloud.contents();
    expect(before).toContain('group swarmup-mine');
    const provider = await cloud.provider(await cloud.cluster('mine', 1, 0));
    expect(await takeDown(provider, quiet())).toEqual([]);
    expect(await provider.shared?.leftovers(quiet().signal)).toEqual([]);
    expect(await cloud.contents()).toEqual(
      before
        .filter(
          (one) => !['group swarmup-mine', 'key swarmup-mine', 'instance manager1', 'volume manager1'].includes(one),
        )
        .concat('instance manager1', 'volume manager1')
        .toSorted(),
    );
  });

  it('waits until a group is free, and names the holder if it never is', async () => {
    const cluster = await cloud.cluster('held', 1, 0);
    const { provider } = await made(cluster);
    const { ClientToken: _token, TagSpecifications: _tags, ...foreign } = runInputOf(runs()[0]!);
    await other.send(new RunInstancesCommand(foreign));
    const left = await takeDown(provider, quiet());
    expect(left).toEqual([expect.stringMatching(/^security group sg-\w+, used by eni-\w+ of i-\w+$/)]);
    expect(of('DeleteSecurityGroup').length).toBeGreaterThan(2);
  });

  it('refuses a name that another user of the account has', async () => {
    await other.send(new CreateSecurityGroupCommand({ GroupName: 'swarmup-taken', Description: 'not ours' }));
    await expect(made(await cloud.cluster('taken', 1, 0))).rejects.toMatchObject({
      code: 'CLOUD_FOREIGN',
      message: expect.stringContaining('swarmup-taken'),
    });
    const provider = await cloud.provider(await cloud.cluster('taken', 1, 0));
    expect(await takeDown(provider, quiet())).toEqual([]);
    expect(await cloud.contents()).toContain('group swarmup-taken');
  });
});

/** Builds a request like the SDK's, to send another user's. */
function runInputOf({ params }: Call) {
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: params['ImageId'],
    InstanceType: 't3.small' as const,
    ClientToken: undefined,
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: params['NetworkInterface.1.SubnetId'],
        Groups: [params['NetworkInterface.1.SecurityGroupId.1'] ?? ''],
      },
    ],
    TagSpecifications: [
      {
        ResourceType: 'instance' as const,
        Tags: Object.entries(tagsIn({ action: '', params })).map(([Key, Value]) => ({ Key, Value })),
      },
    ],
  };
}
