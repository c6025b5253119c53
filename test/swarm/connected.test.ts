import { describe, expect, it } from 'vitest';
import type { Host } from '../../lib/contracts/host.ts';
import type { Machine } from '../../lib/contracts/provider.ts';
import { machineTable } from '../../lib/providers/machine-table.ts';
import { untilConnected } from '../../lib/swarm/connected.ts';
import { SwarmupError, type ErrorCode } from '../../lib/util/errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { strict } from '../fakes/strict.ts';

const ssh = { host: '127.0.0.1', port: 22, user: 'root', identityFiles: [], hostKey: '' };
const ours: Machine = { name: 'worker1', state: 'running', address: '10.1.0.1', ssh };

/** Waits for a machine whose first login attempts fail. @returns the number of attempts */
async function attempts(machine: Machine, failures: number, code: ErrorCode = 'SSH_UNREACHABLE'): Promise<number> {
  let made = 0;
  await untilConnected({
    node: { name: 'worker1' },
    machines: machineTable([machine]),
    host: async () => {
      if (++made <= failures) throw new SwarmupError(code, `attempt ${made} failed`, { fix: 'wait' });
      return strict<Host>('host', {});
    },
    signal: new AbortController().signal,
    clock: fakeClock(),
    report: () => undefined,
  });
  return made;
}

describe('a machine that refuses logins', () => {
  it('is tried again until it accepts one', async () => {
    expect(await attempts(ours, 0)).toBe(1);
    expect(await attempts(ours, 3)).toBe(4);
    expect(await attempts(ours, 3, 'SSH_CONNECTION_LOST')).toBe(4);
  });

  it('fails at once when waiting changes nothing', async () => {
    await expect(attempts(ours, 1, 'SSH_AUTH_FAILED')).rejects.toMatchObject({ code: 'SSH_AUTH_FAILED' });
    await expect(attempts(ours, 1, 'SSH_HOST_KEY_CHANGED')).rejects.toMatchObject({ code: 'SSH_HOST_KEY_CHANGED' });
  });

  it('gets more time to boot when swarmup created it than when it existed before', async () => {
    // Twice as many attempts as an existing host gets.
    expect(await attempts(ours, 480)).toBe(481);
    await expect(attempts({ ...ours, external: true }, 480)).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(
        /^gave up after 60 s waiting until worker1 accepts SSH logins; last seen: attempt \d+ failed$/,
      ),
    });
  });
});
