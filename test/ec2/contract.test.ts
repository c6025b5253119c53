import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../lib/config/model.ts';
import type { Provider } from '../../lib/contracts/provider.ts';
import { readBanner } from '../../lib/remote/sockets.ts';
import { providerContract } from '../../lib/testing/index.ts';
import { Cloud, CREDENTIALS, quiet } from './cloud.ts';

Object.assign(process.env, CREDENTIALS);
let cloud: Cloud;
let cluster: Cluster;
let provider: Provider;

beforeAll(async () => {
  cloud = await Cloud.open();
  cluster = await cloud.cluster('contract', 1, 0);
  provider = await cloud.provider(cluster);
});

beforeEach(async () => {
  // Machines need what they share.
  await provider.shared?.apply(quiet());
});

afterAll(() => cloud.close());

describe('the aws provider', () => {
  const never = new AbortController().signal;
  const answers = async (host: string, port: number) => 'banner' in (await readBanner(host, port, 10_000, never));
  providerContract({ it, expect }, () => ({ provider, node: cluster.nodes[0]!, port: 80, answers }));
});
