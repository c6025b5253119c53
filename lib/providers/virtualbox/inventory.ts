import { isName } from '../../config/names.ts';
import { hasCode } from '../../util/errors.ts';
import type { Machine } from '../../contracts/provider.ts';
import { parseReadable, type Manage } from './manage.ts';
import { groupOf, isOurs, KEYS, machineName } from './names.ts';

/** A machine in VirtualBox. */
export interface VirtualboxMachine extends Machine {
  readonly uuid: string;
}

/** VirtualBox's data of one machine in a swarmup group. */
interface Found {
  readonly uuid: string;
  readonly group: string;
  readonly state: string;
  readonly extra: ReadonlyMap<string, string>;
}

/** States in which a machine runs or is about to. Source: the API's MachineState. */
const RUNNING = ['running', 'starting', 'restoring', 'paused'] as const;

/** The machines of swarmup's clusters, as VirtualBox lists them. */
export class Inventory {
  readonly #manage: Manage;
  readonly #cluster: string;
  readonly #identityFile: string;

  constructor(manage: Manage, cluster: string, identityFile: string) {
    this.#manage = manage;
    this.#cluster = cluster;
    this.#identityFile = identityFile;
  }

  /** All machines of the cluster, or those of some nodes. */
  async list(signal: AbortSignal, nodes?: readonly string[]): Promise<readonly VirtualboxMachine[]> {
    const wanted = nodes?.map((node) => machineName(this.#cluster, node));
    const found = await this.#find(signal, wanted);
    return found.filter(({ group }) => group === groupOf(this.#cluster)).flatMap((one) => this.#machine(one));
  }

  /** The addresses that machines of any cluster have. */
  async addresses(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const found = await this.#find(signal);
    return new Set(found.flatMap(({ extra }) => extra.get(KEYS.address) ?? []));
  }

  /** @param wanted - VirtualBox's names of the machines; default: all of swarmup's */
  async #find(signal: AbortSignal, wanted?: readonly string[]): Promise<Found[]> {
    const output = await this.#manage.run('list its machines', ['list', 'vms'], signal);
    const listed = [...output.matchAll(/^"(swarmup-[^"]*|<inaccessible>)" \{([0-9a-f-]+)\}$/gm)];
    const chosen = listed.filter(([, name]) => wanted?.includes(name ?? '') ?? true);
    const all = await Promise.all(chosen.map(([, , uuid]) => this.#look(uuid ?? '', signal)));
    return all.filter((one) => one !== undefined);
  }

  async #look(uuid: string, signal: AbortSignal): Promise<Found | undefined> {
    try {
      const info = parseReadable(
        await this.#manage.run(`show ${uuid}`, ['showvminfo', uuid, '--machinereadable'], signal),
      );
      const group = (info.get('groups') ?? '').split(',').find(isOurs);
      if (group === undefined) return undefined;
      const extra = await this.#manage.run(`read the notes of ${uuid}`, ['getextradata', uuid, 'enumerate'], signal);
      return { uuid, group, state: info.get('VMState') ?? '', extra: parseExtra(extra) };
    } catch (error) {
      // The machine or its files disappeared meanwhile, and with them the notes of its owner.
      if (hasCode(error, 'MACHINE_FAILED') && /NOT_FOUND|E_ACCESSDENIED|inaccessible/i.test(error.output ?? ''))
        return undefined;
      throw error;
    }
  }

  /** An unfinished machine has no node name yet, so its VirtualBox name is used. */
  #machine({ uuid, state, extra }: Found): VirtualboxMachine[] {
    const name = extra.get(KEYS.node);
    if (name === undefined || !isName(name)) return [];
    const address = extra.get(KEYS.address) ?? '';
    const hostKey = extra.get(KEYS.hostKey) ?? '';
    const runs = RUNNING.some((one) => one === state);
    return [
      {
        uuid,
        name,
        address,
        state: address === '' || hostKey === '' ? 'lost' : runs ? 'running' : 'stopped',
        ssh: { host: address, port: 22, user: 'root', identityFiles: [this.#identityFile], hostKey },
      },
    ];
  }
}

/** Reads "Key: NAME, Value: TEXT" lines. */
function parseExtra(output: string): Map<string, string> {
  return new Map(
    [...output.matchAll(/^Key: (.+?), Value: (.*)$/gm)].map((match) => [match[1] ?? '', (match[2] ?? '').trim()]),
  );
}

/** VirtualBox's own name for a machine of this provider; undefined for others. */
export function uuidOf(machine: Machine | undefined): string | undefined {
  return machine && 'uuid' in machine && typeof machine.uuid === 'string' ? machine.uuid : undefined;
}
