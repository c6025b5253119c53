import type { Work } from '../contracts/context.ts';
import { engineWords } from '../remote/engine.ts';
import type { Engine } from '../contracts/engine.ts';
import { waitUntil } from '../async/wait-until.ts';
import { localSwarm } from './local-state.ts';

const LEAVE_MS = 180_000;

/**
 * Makes an engine leave its swarm. The engine has 15 s to stop its tasks; if that takes longer, it reports a failure
 * but continues, so it is asked again. Source: moby, daemon/cluster/noderunner.go, Stop.
 *
 * @param force even if this ends the swarm
 */
export async function leaveSwarm({ signal, clock, report }: Work, engine: Engine, force = false): Promise<void> {
  await waitUntil({
    until: `${engine.node} has left the swarm`,
    probe: async () => {
      if ((await localSwarm(engine)).state === 'inactive') return { done: undefined };
      try {
        await engine.call('leave the swarm', (docker) => docker.swarmLeave({ force }));
        return { done: undefined };
      } catch (error) {
        const words = engineWords(error);
        if (/not part of a swarm/i.test(words)) return { done: undefined };
        if (!/deadline exceeded/i.test(words)) throw error;
        return { seen: words };
      }
    },
    deadlineMs: LEAVE_MS,
    intervalMs: 1_000,
    signal,
    clock,
    fix: `Check what it still runs: swarmup ssh ${engine.node} -- sudo docker ps`,
    onSeen: () => report('stopping its running tasks'),
  });
}
