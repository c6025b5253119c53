import type { TestRunner } from './runner.ts';
import { ADDRESS, io, listed, type Subject } from './subject.ts';

/**
 * What every provider promises that makes machines, in the order of a machine's life. Each test relies on the one before, so the
 * runner must neither shuffle them nor run them side by side.
 *
 * @param runner what registers a test and what compares, such as Vitest's `{ it, expect }`
 * @param subject asked in each test, so that hooks may make it
 */
export function providerContract({ it, expect }: TestRunner, subject: () => Subject): void {
  let address = '';
  let hostKey = '';

  it('has nothing at first, and plans to create it', async () => {
    const { provider, node } = subject();
    expect(await provider.list(io.signal)).toEqual([]);
    expect(provider.plan(node, undefined)).toMatchObject([{ action: 'create' }]);
  });

  it('creates a machine that is listed, reached as it says, and needs nothing more', async () => {
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

  it('changes nothing when asked to create it again', async () => {
    const { provider, node } = subject();
    const before = await listed(subject());
    expect(await provider.create(node, io)).toEqual(before);
    expect((await provider.list(io.signal)).length).toBe(1);
  });

  it('lists only the machines asked for', async () => {
    expect(await subject().provider.list(io.signal, ['somebody-else'])).toEqual([]);
  });

  it('powers it off, keeping what it is, and starts it again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.stop(node.name, io);
    await provider.stop(node.name, io);
    const stopped = await listed(subject());
    expect(stopped?.state).toBe('stopped');
    expect(provider.plan(node, stopped)).toMatchObject([{ action: 'run' }]);
    const again = await provider.create(node, io);
    expect(again).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('cuts its power, once, and it can be started again as the same machine', async () => {
    const { provider, node } = subject();
    await provider.cutPower(node.name, io);
    await provider.cutPower(node.name, io);
    expect((await listed(subject()))?.state).toBe('stopped');
    expect(await provider.create(node, io)).toMatchObject({ state: 'running', address, ssh: { hostKey } });
  });

  it('destroys it, once and for all, and again without complaint', async () => {
    const { provider, node } = subject();
    await provider.destroy(node.name, io);
    await provider.destroy(node.name, io);
    expect(await provider.list(io.signal)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
  });
}
