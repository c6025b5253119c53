import { SwarmupError } from '../../util/errors.ts';
import { addressIn, maskOf } from '../../util/ipv4.ts';
import type { Manage } from './manage.ts';

/** Which interface swarmup made for a network, in VirtualBox's global extra data: only such a one is taken away again. */
const KEY = 'swarmup/host-only';

/** The host-only interface of a network: found by its address, or made. */
export class HostOnlyNetwork {
  readonly #manage: Manage;
  readonly #network: string;

  constructor(manage: Manage, network: string) {
    this.#manage = manage;
    this.#network = network;
  }

  /** This computer's address in it. */
  get #own(): string {
    return addressIn(this.#network, 1);
  }

  /** @returns the name of the interface, such as vboxnet0 */
  async ready(signal: AbortSignal): Promise<string> {
    const found = (await this.#interfaces(signal)).find(({ address }) => address === this.#own);
    if (found) return found.name;
    const output = await this.#manage.run('make a host-only interface', ['hostonlyif', 'create'], signal);
    const name = /Interface '([^']+)' was successfully created/.exec(output)?.[1];
    if (name === undefined)
      throw new SwarmupError('MACHINE_FAILED', 'VirtualBox made a host-only interface and did not say which', {
        fix: 'See it with: VBoxManage list hostonlyifs',
        output,
      });
    const configure = ['hostonlyif', 'ipconfig', name, `--ip=${this.#own}`, `--netmask=${maskOf(this.#network)}`];
    try {
      await this.#manage.run(`give ${name} the address ${this.#own}`, configure, signal);
      await this.#manage.run(
        'note whose interface it is',
        ['setextradata', 'global', `${KEY}/${name}`, this.#network],
        signal,
      );
    } catch (error) {
      // One without an address is of no use to anybody, and nothing says any more that we made it.
      await this.#manage.run(`take ${name} away again`, ['hostonlyif', 'remove', name]);
      throw error;
    }
    return name;
  }

  /** Takes the interface away, if swarmup made it. */
  async remove(signal: AbortSignal): Promise<void> {
    const found = (await this.#interfaces(signal)).find(({ address }) => address === this.#own);
    if (!found) return;
    const note = await this.#manage.run('see whose it is', ['getextradata', 'global', `${KEY}/${found.name}`], signal);
    if (!note.includes(this.#network)) return;
    await this.#manage.run(`take ${found.name} away`, ['hostonlyif', 'remove', found.name], signal);
    // Without a value it is forgotten.
    await this.#manage.run('forget whose it was', ['setextradata', 'global', `${KEY}/${found.name}`], signal);
  }

  async #interfaces(signal: AbortSignal): Promise<{ name: string; address: string }[]> {
    const output = await this.#manage.run('list its host-only interfaces', ['list', 'hostonlyifs'], signal);
    return output.split(/\n\s*\n/).flatMap((block) => {
      const name = /^Name:\s+(.+)$/m.exec(block)?.[1]?.trim();
      const address = /^IPAddress:\s+(\S+)$/m.exec(block)?.[1];
      return name !== undefined && address !== undefined ? [{ name, address }] : [];
    });
  }
}
