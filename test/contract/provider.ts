import { expect, it } from 'vitest';
import type { NodeSpec } from '../../lib/config/model.ts';
import type { Provider, ProviderIo } from '../../lib/contracts/provider.ts';

export interface Subject {
  readonly provider: Provider;
  /** A node of the provider's cluster. */
  readonly node: NodeSpec;
  /** A TCP port that the cluster publishes. */
  readonly port: number;
  /** Whether the machine answers where the provider says it does; simulated machines answer nowhere. */
  readonly answers?: (host: string, port: number) => Promise<boolean>;
}

const signal = new AbortController().signal;
const io: ProviderIo = { signal, report: () => undefined, warn: () => undefined };

/** What every provider promises, in the order of a machine's life. Each step relies on the one before. */
export function providerContract(subject: () => Subject): void {
  const look = async () => {
    const { provider, node } = subject();
    const [machine] = await provider.list(signal, [node.name]);
    return machine;
  };
  let address = '';
  let hostKey = '';

  it('has nothing at first, and plans to create it', async () => {
    const { provider, node } = subject();
    expect(await provider.list(signal)).toEqual([]);
    expect(provider.plan(node, undefined)).toMatchObject([{ action: 'create' }]);
  });

  it('creates a machine that is listed, reached as it says, and needs nothing more', async () => {
    const { provider, node, port, answers } = subject();
    const machine = await provider.create(node, io);
    expect(machine).toMatchObject({ name: node.name, state: 'running' });
    expect(machine.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(machine.ssh.hostKey).toMatch(/^ssh-ed25519 /);
    expect(await look()).toEqual(machine);
    expect(provider.plan(node, machine)).toEqual([]);
    expect(provider.endpoint(machine, port).port).toBeGreaterThan(0);
    if (answers) expect(await answers(machine.ssh.host, machine.ssh.port)).toBe(true);
    address = machine.address;
    hostKey = machine.ssh.hostKey;
  });

  it('changes nothing when asked to create it again', async () => {
    const { provider, node } = subject();
    const before = await look();
    expect(await provider.create(node, io)).toEqual(before);
    expect(await provider.list(signal)).toHaveLength(1);
  });

  it('lists only the machines asked for', async () => {
    expect(await subject().provider.list(signal, ['somebody-else'])).toEqual([]);
  });

  it('powers it off, keeping what it is, and starts it again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.stop(node.name, io);
    await provider.stop(node.name, io);
    const stopped = await look();
    expect(stopped?.state).toBe('stopped');
    expect(provider.plan(node, stopped)).toMatchObject([{ action: 'run' }]);
    const again = await provider.create(node, io);
    expect(again).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('cuts its power, once, and it can be started again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.cutPower(node.name, io);
    await provider.cutPower(node.name, io);
    expect((await look())?.state).toBe('stopped');
    expect(await provider.create(node, io)).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('destroys it, once and for all, and again without complaint', async () => {
    const { provider, node } = subject();
    await provider.destroy(node.name, io);
    await provider.destroy(node.name, io);
    expect(await provider.list(signal)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
  });
}
