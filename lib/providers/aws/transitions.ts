import { SwarmupError } from '../../util/errors.ts';
import { waitUntil, type Probe } from '../../async/wait-until.ts';
import type { Clock } from '../../async/clock.ts';
import type { ProviderIo } from '../../contracts/provider.ts';
import type { Ec2Api } from './api.ts';
import { isEc2 } from './errors.ts';
import type { AwsMachine, Inventory } from './inventory.ts';

/** How long a machine may take from one state to the next, in milliseconds. */
const TRANSITION_MS = 600_000;
const POLL_MS = 1_000;

/** Moves machines from one state to another, and waits for the new state. */
export class Transitions {
  readonly #api: Ec2Api;
  readonly #inventory: Inventory;
  readonly #clock: Clock;

  constructor(api: Ec2Api, inventory: Inventory, clock: Clock) {
    this.#api = api;
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /**
   * Waits until a machine runs and has an address; starts it if it is off.
   *
   * @param launched the ID of the instance that was just requested, if there is one
   * @throws SwarmupError MACHINE_FAILED when EC2 terminated it
   */
  running(name: string, launched: string | undefined, io: ProviderIo): Promise<AwsMachine> {
    let asked = false;
    return this.until(name, 'runs and has an address', io, async (machine) => {
      if (!machine) {
        const reason = launched && (await this.#inventory.endOf(launched, io.signal));
        if (reason === undefined) return { seen: 'not shown by EC2 yet' };
        throw ended(name, reason);
      }
      if (machine.phase === 'running' && machine.ssh.host && machine.address) return { done: machine };
      if (machine.phase === 'stopped' && !asked) {
        asked = true;
        io.report('starting');
        await this.#api.StartInstances({ InstanceIds: [machine.rented.id] }, io.signal);
        this.#inventory.changed();
      }
      return { seen: machine.phase === 'running' ? 'no address yet' : machine.phase };
    });
  }

  /** Powers a machine off, cleanly or at once, keeping its disk. */
  async stop(name: string, force: boolean, io: ProviderIo): Promise<void> {
    const [machine] = await this.#inventory.list(io.signal, [name]);
    if (!machine || machine.phase === 'stopped') return;
    if (machine.spot) {
      throw new SwarmupError('CLOUD_INVALID', `${name} is a one-time spot instance, which EC2 can't stop`, {
        fix: "Use 'swarmup down' to remove it; with provider.spot: none, its replacement can be stopped.",
      });
    }
    if (machine.phase === 'pending') await this.until(name, 'can be stopped', io, leftPending);
    if (machine.phase !== 'stopping') {
      io.report(force ? 'cutting its power' : 'powering off');
      const how = force ? { Force: true, SkipOsShutdown: true } : {};
      await this.#api.StopInstances({ InstanceIds: [machine.rented.id], ...how }, io.signal);
      this.#inventory.changed();
    }
    await this.until(name, 'is off', io, (found) =>
      !found || found.phase === 'stopped' ? { done: undefined } : { seen: found.phase },
    );
  }

  /** Terminates instances; `until` waits for it. */
  async terminate(ids: readonly string[], io: ProviderIo): Promise<void> {
    try {
      await this.#api.TerminateInstances({ InstanceIds: [...ids] }, io.signal);
    } catch (error) {
      // Listed a moment ago and gone since: the goal is reached.
      if (!isEc2(error, 'InvalidInstanceID.NotFound')) throw error;
    }
    this.#inventory.changed();
  }

  /** Waits for a state of a machine; concurrent waits share EC2's answers. */
  until<T>(
    name: string,
    what: string,
    io: ProviderIo,
    judge: (machine: AwsMachine | undefined) => Probe<T> | Promise<Probe<T>>,
  ): Promise<T> {
    return waitUntil({
      until: `${name} ${what}`,
      probe: async () => judge((await this.#inventory.list(io.signal, [name]))[0]),
      deadlineMs: TRANSITION_MS,
      intervalMs: POLL_MS,
      signal: io.signal,
      clock: this.#clock,
      fix: 'Check it in the EC2 console, then run again: existing machines are kept.',
      onSeen: (seen) => io.report(seen),
    });
  }
}

/** EC2 can't stop an instance that isn't running yet. */
function leftPending(machine: AwsMachine | undefined): Probe<undefined> {
  return machine?.phase === 'pending' ? { seen: 'pending' } : { done: undefined };
}

function ended(name: string, reason: string): SwarmupError {
  return new SwarmupError('MACHINE_FAILED', `EC2 terminated ${name}'s new machine: ${reason}`, {
    fix: 'Correct what EC2 names (a key for encryption, a limit on volumes, the image), then run again.',
  });
}
