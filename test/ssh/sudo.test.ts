import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventBody } from '../../lib/contracts/events.ts';
import { SshHost } from '../../lib/remote/ssh.ts';
import { Secret } from '../../lib/util/secret.ts';
import { PASSWORD, startGuestSshd } from '../support/guest-sshd.ts';

const never = new AbortController().signal;
const events: EventBody[] = [];
let guest: Awaited<ReturnType<typeof startGuestSshd>>;

beforeAll(async () => {
  guest = await startGuestSshd();
});
afterAll(() => guest.stop());

const as = (user: string, password?: string) => {
  const endpoint = guest.endpointOf(user);
  const sudoPassword = () => (password === undefined ? undefined : new Secret(password));
  return SshHost.connect('node1', endpoint, { emit: (event) => events.push(event), signal: never, sudoPassword });
};

describe('a user who is not root', () => {
  it('becomes root by sudo without a password, where sudo allows it', async () => {
    const host = await as('free');
    expect(await host.canBeRoot()).toBe(true);
    expect((await host.run(['id', '-un'])).stdout).toBe('root\n');
    expect((await host.run(['cat'], { input: 'for the command' })).stdout).toBe('for the command');
    expect((await host.run(['id', '-un'], { asRoot: false })).stdout).toBe('free\n');
    host.close();
  });

  it('becomes root with a password that is given but not needed, too', async () => {
    const host = await as('free', PASSWORD);
    expect((await host.run(['cat'], { input: 'for the command' })).stdout).toBe('for the command');
    expect((await host.run(['cat'])).stdout).toBe('');
    host.close();
  });

  it('passes the password to sudo and the input to the command, repeatedly', async () => {
    const host = await as('admin', PASSWORD);
    events.length = 0;
    for (let i = 0; i < 3; i++) {
      expect((await host.run(['cat'], { input: `input ${i}` })).stdout).toBe(`input ${i}`);
      expect((await host.run(['sh', '-c', 'id -un; cat'])).stdout).toBe('root\n');
    }
    const failure = host.run(['sh', '-c', 'echo wrong >&2; exit 3'], { input: new Secret('another') });
    await expect(failure).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: `node1: 'sudo sh -c 'echo wrong >&2; exit 3'' ended with exit code 3`,
      output: expect.stringMatching(/wrong$/),
    });
    const told = JSON.stringify(events);
    expect(told).toContain('sudo cat');
    expect(told).not.toContain(PASSWORD);
    host.close();
  });

  it('shows the password in no process list', async () => {
    const host = await as('admin', PASSWORD);
    const { stdout } = await host.run(['sh', '-c', "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '"]);
    expect(stdout).toContain('sudo -k -S');
    expect(stdout).not.toContain(PASSWORD);
    host.close();
  });

  it('is told that sudo needs a password, and how to supply it', async () => {
    const host = await as('admin');
    expect(await host.canBeRoot()).toBe(false);
    const refusal = host.run(['id']);
    await expect(refusal).rejects.toMatchObject({
      code: 'SUDO_REFUSED',
      message: 'node1: admin may not use sudo without a password',
      fix: expect.stringContaining('SWARMUP_SUDO_PASSWORD'),
    });
    host.close();
  });

  it('is stopped at once by a wrong password, which never becomes the input of a command', async () => {
    const host = await as('admin', 'wrong');
    await expect(host.run(['cat'], { input: 'x' })).rejects.toMatchObject({
      code: 'SUDO_REFUSED',
      message: "node1: sudo doesn't accept this password for admin",
    });
    host.close();
  });

  it('gets an error when sudo does not allow them anything', async () => {
    const host = await as('nobody1', PASSWORD);
    await expect(host.run(['id'])).rejects.toMatchObject({
      code: 'SUDO_REFUSED',
      message: 'node1: nobody1 may not use sudo',
      output: expect.stringContaining('not in the sudoers file'),
    });
    host.close();
  });

  it.each([['free'], ['admin']])("ends root's command when it is interrupted (%s)", async (user) => {
    const host = await as(user, PASSWORD);
    const interrupt = new AbortController();
    const running = host.run(['sleep', '987'], { signal: interrupt.signal });
    const others = await as('free');
    const alive = async () => (await others.run(['pgrep', '-fc', '^sleep 987'], { okExit: [0, 1] })).stdout.trim();
    await expect.poll(alive, { timeout: 20_000 }).toBe('1');
    interrupt.abort();
    await expect(running).rejects.toThrow();
    await expect.poll(alive, { timeout: 20_000 }).toBe('0');
    host.close();
    others.close();
  });
});
