import type { TestRunner } from './runner.ts';
import { ADDRESS, io, listed, type Subject } from './subject.ts';

/**
 * The contract of every provider that makes machines, in the order of a machine's life. Each test relies on the
 * previous one, so the runner must neither shuffle them nor run them in parallel.
 * @param runner the functions that register a test and compare values, such as Vitest's `{ it, expect }`
 * @param subject called in each test, so that hooks may create it
 */
export function providerContract({ it, expect }: TestRunner, subject: () => Subject): void {
  let address = '';
  let hostKey = '';

  it('lists no machine at first, and plans to create one', async () => {
    const { provider, node } = subject();
    expect(await provider.list(io.signal)).toEqual([]);
    expect(provider.plan(node, undefined)).toMatchObject([{ action: 'create' }]);
  });

  it('creates a machine that is listed, can be reached and needs no changes', async () => {
    const { provider, node, port, answers } = subject();
    const machine = await provider.create(node, io);
    expect(machine).toMatchObject({ name: node.name, state: 'running' });
    expect(machine.address).toMatch(ADDRESS);
    expect(machine.ssh.hostKey).toMatch(/^ssh-ed25519 /);
    expect(await listed(subject())).toEqual(machine);
    expect(provider.plan(node, machine)).toEqual([]);
    expect(provider.endpoint(machine, port).port > 0).toBe(true);
    if (answers) expect(await answers(machine.ssh.host, machine.ssh.port)).toBe(true);
    address = machine.address;
    hostKey = machine.ssh.hostKey;
  });

  it('changes nothing when asked to create the machine again', async () => {
    const { provider, node } = subject();
    const before = await listed(subject());
    expect(await provider.create(node, io)).toEqual(before);
    expect((await provider.list(io.signal)).length).toBe(1);
  });

  it('lists only the requested machines', async () => {
    expect(await subject().provider.list(io.signal, ['somebody-else'])).toEqual([]);
  });

  it('powers the machine off, and starts it again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.stop(node.name, io);
    await provider.stop(node.name, io);
    const stopped = await listed(subject());
    expect(stopped?.state).toBe('stopped');
    expect(provider.plan(node, stopped)).toMatchObject([{ action: 'run' }]);
    const again = await provider.create(node, io);
    expect(again).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('cuts the power of the machine, and starts it again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.cutPower(node.name, io);
    await provider.cutPower(node.name, io);
    expect((await listed(subject()))?.state).toBe('stopped');
    expect(await provider.create(node, io)).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('destroys the machine, and does nothing when asked again', async () => {
    const { provider, node } = subject();
    await provider.destroy(node.name, io);
    await provider.destroy(node.name, io);
    expect(await provider.list(io.signal)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
  });
}
