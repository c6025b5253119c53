import type { Fact } from './fact.ts';

/** Whether an interface leaves the checksums of packets to its hardware. */
export interface ChecksumOffload {
  readonly interface: string;
  /** undefined: it can't be told, as without ethtool. */
  readonly isOn: boolean | undefined;
}

/**
 * The feature of the interface with an address; undefined if none has it. Source: ethtool(8), -k; moby#41775.
 *
 * @param address IPv4
 */
export function checksumOffload(address: string): Fact<ChecksumOffload | undefined> {
  return {
    command: 'set -- $(ip -o -4 address show to "$1"); echo "interface $2"; ethtool -k "$2"',
    argument: address,
    parse: (output) => {
      const name = /^interface (\S+)$/m.exec(output)?.[1];
      const state = /^\s*tx-checksum-ip-generic: (on|off)\b/m.exec(output)?.[1];
      return name === undefined
        ? undefined
        : { interface: name, isOn: state === undefined ? undefined : state === 'on' };
    },
  };
}
