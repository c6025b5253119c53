import { describe, expect, it } from 'vitest';
import { Sudo } from '../../lib/remote/sudo.ts';
import { Secret } from '../../lib/util/secret.ts';

/** A host on which every command fails like this. */
const failing = (stderr: string, exitCode = 1, password?: Secret) =>
  new Sudo(
    { host: 'node1', user: 'ann' },
    () => password,
    async () => ({ exitCode, stdout: '', stderr }),
  );

describe('a refusal of sudo', () => {
  it.each([
    ['sudo: sorry, you must have a tty to run sudo\n', 1, 'requiretty', 'Defaults:USER !requiretty'],
    ['env: ‘sudo’: No such file or directory\nsh: sudo: not found\n', 127, 'not installed', 'install sudo'],
    ['sudo: a password is required\n', 1, 'without a password', 'SWARMUP_SUDO_PASSWORD'],
    ['', 255, 'without a password', 'NOPASSWD'],
  ])('names the setting or what is missing: %j', async (stderr, exitCode, message, fix) => {
    await expect(failing(stderr, exitCode).wrap(['id'], false)).rejects.toMatchObject({
      code: 'SUDO_REFUSED',
      message: expect.stringContaining(message),
      fix: expect.stringContaining(fix),
    });
  });

  it('for want of a terminal comes before any password is sent', async () => {
    const sent: (string | undefined)[] = [];
    const sudo = new Sudo(
      { host: 'node1', user: 'ann' },
      () => new Secret('very-secret'),
      async (_argv, input) => {
        sent.push(input);
        return { exitCode: 1, stdout: '', stderr: 'sudo: sorry, you must have a tty to run sudo' };
      },
    );
    await expect(sudo.wrap(['id'], false)).rejects.toMatchObject({ code: 'SUDO_REFUSED' });
    expect(sent).toEqual([undefined]);
  });
});
