import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/async/clock.ts';
import { loadProvider } from '../../lib/providers/index.ts';
import type { Provider } from '../../lib/contracts/provider.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { readBanner } from '../../lib/remote/sockets.ts';
import { providerContract } from '../../lib/testing/index.ts';
import { clusterOf } from '../support/cluster.ts';

const cluster = await clusterOf(`name: e2e-contract
provider: { type: qemu }
nodes: { managers: 1 }
services:
  web: { image: nginx, ports: ['80:80'] }
`);
const node = cluster.nodes[0]!;
let provider: Provider;

beforeAll(async () => {
  const create = await loadProvider(cluster.provider);
  const local = localCommands(() => undefined, process.env);
  provider = await create({ cluster, clock: systemClock, local, env: process.env, mayInstall: true });
});

afterAll(async () => {
  await provider.destroy(node.name, {
    signal: AbortSignal.timeout(60_000),
    report: () => undefined,
    warn: () => undefined,
  });
  rmSync(dirname(cluster.file), { recursive: true, force: true });
});

describe('the qemu provider', () => {
  const never = new AbortController().signal;
  const answers = async (host: string, port: number) => {
    const result = await readBanner(host, port, 10_000, never);
    return 'banner' in result && result.banner.startsWith('SSH-2.0-OpenSSH');
  };
  providerContract({ it, expect }, () => ({ provider, node, port: 80, answers }));
});
