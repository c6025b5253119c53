import type { SshEndpoint } from '../contracts/endpoint.ts';
import type { TestRunner } from './runner.ts';
import { ADDRESS, io, listed, type Subject } from './subject.ts';

/** A provider of existing machines; `node` has one of them. */
export interface ExistingSubject extends Subject {
  /**
   * The public host keys, `type base64`, of the SSH servers on the way to the machine, including its own, by
   * `host:port`.
   */
  readonly hostKeys: Readonly<Record<string, string>>;
}

/**
 * The contract of every provider of existing machines (`external`): it finds them, has their host keys accepted, and
 * leaves them alone. Each test relies on the previous one, so the runner must neither shuffle them nor run them in
 * parallel.
 * @param runner the functions that register a test and compare values, such as Vitest's `{ it, expect }`
 * @param subject called in each test, so that hooks may create it
 */
export function existingMachinesContract({ it, expect }: TestRunner, subject: () => ExistingSubject): void {
  /** The SSH servers on the way to the machine, which comes last. */
  const way = async () => {
    const servers: SshEndpoint[] = [];
    for (let ssh = (await listed(subject()))?.ssh; ssh; ssh = ssh.via) servers.unshift(ssh);
    return servers;
  };
  const isNamed = async () => {
    const { provider, node } = subject();
    return (await provider.unknownHosts?.())?.some(({ names }) => names.includes(node.name)) ?? false;
  };

  it('lists the machine as external and running', async () => {
    const { node } = subject();
    const machine = await listed(subject());
    expect(machine).toMatchObject({ name: node.name, state: 'running', external: true });
    expect(machine?.address).toMatch(ADDRESS);
  });

  it('lists only the requested machines', async () => {
    expect(await subject().provider.list(io.signal, ['somebody-else'])).toEqual([]);
  });

  it('names each server on the way until its host key is accepted, and pins that key', async () => {
    const { provider, hostKeys } = subject();
    const keyOf = ({ host, port }: { host: string; port: number }) =>
      hostKeys[`${host}:${port}`] ?? 'unexpected server';
    expect(await isNamed()).toBe((await way()).some((server) => server.hostKey === ''));
    for (const unknown of (await provider.unknownHosts?.()) ?? []) {
      expect(unknown.endpoint.hostKey).toBe('');
      await unknown.accept(keyOf(unknown.endpoint));
    }
    expect(await isNamed()).toBe(false);
    for (const server of await way()) expect(server.hostKey).toBe(keyOf(server));
  });

  it('lists a machine that can be reached and needs no changes', async () => {
    const { provider, node, port, answers } = subject();
    const machine = await listed(subject());
    expect(provider.plan(node, machine)).toEqual([]);
    expect(await provider.create(node, io)).toEqual(machine);
    if (!machine) return;
    expect(provider.endpoint(machine, port).port > 0).toBe(true);
    // A machine behind a bastion can't be reached from here.
    if (answers && !machine.ssh.via) expect(await answers(machine.ssh.host, machine.ssh.port)).toBe(true);
  });

  it('remembers how to find the machine, also when asked repeatedly', async () => {
    const { provider } = subject();
    const before = await provider.list(io.signal);
    await provider.remember?.();
    await provider.remember?.();
    expect(await provider.list(io.signal)).toEqual(before);
  });

  it('leaves the machine alone or refuses when asked to stop it, cut its power or destroy it', async () => {
    const { provider, node, answers } = subject();
    const before = await listed(subject());
    // Either is fine, as long as the machine is unchanged.
    await Promise.allSettled([provider.stop(node.name, io), provider.cutPower(node.name, io)]);
    expect(await listed(subject())).toEqual(before);
    await provider.destroy(node.name, io);
    await provider.destroy(node.name, io);
    expect(await listed(subject())).toEqual(before);
    if (before && answers && !before.ssh.via) expect(await answers(before.ssh.host, before.ssh.port)).toBe(true);
  });

  it('leaves nothing behind when the cluster is gone', async () => {
    const { provider } = subject();
    expect(await provider.destroyShared(io)).toEqual([]);
    expect(await provider.destroyShared(io)).toEqual([]);
  });
}
