import {
  EC2Client,
  TerminateInstancesCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { Clock } from '../../lib/async/clock.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { loadProvider } from '../../lib/providers/index.ts';
import type { Provider, ProviderIo } from '../../lib/contracts/provider.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { clusterOf } from '../support/cluster.ts';
import type { Latency, MachinePark } from './account.ts';
import { Front, REGION } from './front.ts';
import { Greeters } from './greeters.ts';
import { Moto } from './moto.ts';

/** Long enough that no test passes by being quick, short enough to run often. */
const LATENCY: Latency = { visible: 30, pending: 60, address: 40, stopping: 40, shuttingDown: 40, interface: 60 };

/** The speed of the test clock, compared with the real one. */
const HASTE = 40;

const hasty: Clock = {
  now: () => Date.now() * HASTE,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const timer = setTimeout(resolve, ms / HASTE);
      signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason as Error)), { once: true });
    }),
};

/** Credentials of no AWS account. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIATESTONLYTESTONLY',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret',
} as const;

/** An emulated EC2: moto behind a strict front, with stand-ins for the machines. */
export class Cloud {
  readonly front: Front;
  readonly url: string;
  readonly #moto: Moto;
  readonly #client: EC2Client;

  private constructor(moto: Moto, front: Front, url: string) {
    this.#moto = moto;
    this.front = front;
    this.url = url;
    this.#client = new EC2Client({
      region: REGION,
      endpoint: url,
      credentials: { accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID, secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY },
    });
  }

  static async open(park: MachinePark = new Greeters(), latency = LATENCY): Promise<Cloud> {
    const moto = await Moto.start();
    const front = new Front(moto.url, park, latency);
    return new Cloud(moto, front, await front.listen());
  }

  async reset(): Promise<void> {
    await this.front.account.reset();
    await this.#moto.reset();
    this.front.calls.length = 0;
    this.front.fault = () => undefined;
    this.front.unoffered.clear();
    this.front.quota = 1000;
    this.front.hideUntil = 0;
    this.front.callersAddress = '203.0.113.7';
  }

  async close(): Promise<void> {
    this.#client.destroy();
    await this.front.close();
    await this.#moto.stop();
  }

  /** The provider section of a cluster file for this cloud. */
  section(more = ''): string {
    return `{ type: aws, region: ${REGION}, endpoint: '${this.url}', allow: { addressService: '${this.url}/my-address' }${more ? `, ${more}` : ''} }`;
  }

  cluster(name: string, managers: number, workers: number, more = ''): Promise<Cluster> {
    return clusterOf(`name: ${name}
provider: ${this.section(more)}
nodes: { managers: ${managers}, workers: ${workers} }
services:
  web: { image: nginx, ports: ['80:80'] }
`);
  }

  /** A provider without knowledge of earlier ones. */
  async provider(cluster: Cluster, clock: Clock = hasty): Promise<Provider> {
    const create = await loadProvider(cluster.provider);
    const local = localCommands(() => undefined, process.env);
    return create({ cluster, clock, local, env: process.env, mayInstall: true });
  }

  /** Terminates a machine outside swarmup. */
  async terminate(id: string): Promise<void> {
    await this.#client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  }

  /** Everything in the account, of any owner: what costs money or occupies a name. */
  async contents(): Promise<readonly string[]> {
    const [instances, groups, keys, volumes] = await Promise.all([
      this.#client.send(new DescribeInstancesCommand({})),
      this.#client.send(new DescribeSecurityGroupsCommand({})),
      this.#client.send(new DescribeKeyPairsCommand({})),
      this.#client.send(new DescribeVolumesCommand({})),
    ]);
    const living = (instances.Reservations ?? [])
      .flatMap((reservation) => reservation.Instances ?? [])
      .filter((one) => one.State?.Name !== 'terminated' && one.State?.Name !== 'shutting-down');
    const nodeOf = (tags: readonly Tag[] = []) => tags.find((tag) => tag.Key === 'swarmup:node')?.Value ?? 'nobody';
    return [
      ...living.map((one) => `instance ${nodeOf(one.Tags)}`),
      ...(groups.SecurityGroups ?? []).map((one) => `group ${one.GroupName}`),
      ...(keys.KeyPairs ?? []).map((one) => `key ${one.KeyName}`),
      ...(volumes.Volumes ?? []).map((one) => `volume ${nodeOf(one.Tags)}`),
    ].toSorted();
  }
}

const never = new AbortController().signal;

/** The parts of a context that a provider needs; prints nothing. */
export function quiet(signal: AbortSignal = never): ProviderIo & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return { signal, warnings, report: () => undefined, warn: (message) => void warnings.push(message) };
}

/** Creates the shared resources, then all machines at once, as the pipeline does. */
export async function bringUp(provider: Provider, cluster: Cluster, io: ProviderIo): Promise<void> {
  await provider.list(io.signal);
  if ((await provider.shared?.plan(io))?.length) await provider.shared?.apply(io);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      const [machine] = await provider.list(io.signal, [node.name]);
      if (provider.plan(node, machine).some((change) => !change.replace)) await provider.create(node, io);
    }),
  );
}

/** Removes everything, as the pipeline does. @returns what could not be removed */
export async function takeDown(provider: Provider, io: ProviderIo): Promise<readonly string[]> {
  const machines = await provider.list(io.signal);
  await Promise.all(machines.map((machine) => provider.destroy(machine.name, io)));
  return provider.destroyShared(io);
}
