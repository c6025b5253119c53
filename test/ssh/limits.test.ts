import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SshHost } from '../../lib/remote/ssh.ts';
import { startSshd, type TestSshd } from '../support/sshd.ts';

let sshd: TestSshd;
const quietly = { emit: () => undefined, signal: new AbortController().signal };
const connect = (name: string) => SshHost.connect(name, sshd.endpoint, quietly);

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd.stop());

describe('one host among others', () => {
  it('that prints without end fails alone', async () => {
    const [bad, good] = await Promise.all([connect('bad'), connect('good')]);
    const endless = bad.run(['sh', '-c', 'exec cat /dev/zero']);
    const fine = good.run(['echo', 'fine']);
    await expect(endless).rejects.toMatchObject({
      code: 'ANSWER_UNREADABLE',
      message: expect.stringMatching(/^bad: 'sh -c .*' printed more than can be read$/),
    });
    expect((await fine).stdout).toBe('fine\n');
    // Its connection still works.
    expect((await bad.run(['echo', 'again'])).stdout).toBe('again\n');
    for (const host of [bad, good]) host.close();
  });

  it('that prints one line without end gives the beginning of it', async () => {
    const host = await connect('bad');
    const lines: string[] = [];
    const script = 'head -c 30000000 /dev/zero | tr "\\0" x; printf "\\nlast"';
    const { stdout } = await host.run(['sh', '-c', script], { onLine: (line) => lines.push(line) });
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['xxxx', 'last']);
    expect(lines[0]?.length).toBeLessThan(70_000);
    expect(stdout).toMatch(/\n\[\.\.\. \d+ bytes left out \.\.\.\]\n/);
    host.close();
  });

  it('that prints a byte now and then fails when its time is over', async () => {
    const host = await connect('slow');
    const slow = host.run(['sh', '-c', 'while :; do printf .; sleep 0.1; done'], { withinMs: 500 });
    await expect(slow).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(/^slow: 'sh -c .*' did not end within 1 s$/),
    });
    host.close();
  });
});
