import { SwarmupError } from '../../util/errors.ts';
import { addressIn, maskOf } from '../../util/ipv4.ts';
import type { Manage } from './manage.ts';

/**
 * The key in VirtualBox's global extra data that names the interface swarmup made for a network: only such an interface
 * is removed.
 */
const KEY = 'swarmup/host-only';

/** The host-only interface of a network: found by its address, or created. */
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
    const output = await this.#manage.run('create a host-only interface', ['hostonlyif', 'create'], signal);
    const name = /Interface '([^']+)' was successfully created/.exec(output)?.[1];
    if (name === undefined)
      throw new SwarmupError('MACHINE_FAILED', 'VirtualBox created a host-only interface but did not print its name', {
        fix: 'List them: VBoxManage list hostonlyifs',
        output,
      });
    const configure = ['hostonlyif', 'ipconfig', name, `--ip=${this.#own}`, `--netmask=${maskOf(this.#network)}`];
    try {
      await this.#manage.run(`give ${name} the address ${this.#own}`, configure, signal);
      await this.#manage.run(
        'note the owner of the interface',
        ['setextradata', 'global', `${KEY}/${name}`, this.#network],
        signal,
      );
    } catch (error) {
      // An interface without an address is useless, and nothing would show that we made it.
      await this.#manage.run(`remove ${name}`, ['hostonlyif', 'remove', name]);
      throw error;
    }
    return name;
  }

  /** Removes the interface, if swarmup made it. */
  async remove(signal: AbortSignal): Promise<void> {
    const found = (await this.#interfaces(signal)).find(({ address }) => address === this.#own);
    if (!found) return;
    const note = await this.#manage.run(
      'read the owner of the interface',
      ['getextradata', 'global', `${KEY}/${found.name}`],
      signal,
    );
    if (!note.includes(this.#network)) return;
    await this.#manage.run(`remove ${found.name}`, ['hostonlyif', 'remove', found.name], signal);
    // Without a value the key is removed.
    await this.#manage.run(
      'remove the owner of the interface',
      ['setextradata', 'global', `${KEY}/${found.name}`],
      signal,
    );
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
