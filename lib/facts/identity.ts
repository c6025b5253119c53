import type { Fact } from './fact.ts';

export interface Identity {
  readonly hostname: string;
  /** Empty where systemd hasn't made one yet. */
  readonly machineId: string;
}

/** What distinguishes a machine from others. Source: machine-id(5). */
export const identity: Fact<Identity> = {
  command: 'uname -n; cat /etc/machine-id',
  parse: (output) => {
    const [hostname = '', machineId = ''] = output.split('\n');
    return { hostname: hostname.trim(), machineId: machineId.trim() };
  },
};
