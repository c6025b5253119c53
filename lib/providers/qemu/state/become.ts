import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../../async/clock.ts';
import { qmp } from '../../../remote/qmp.ts';
import type { GuestIdentity } from '../../cloud-init.ts';
import { identityFiles } from '../guest.ts';
import { SEGMENT, type Layout } from '../layout.ts';
import type { BootImage } from '../record.ts';
import { carryOut } from './guest-order.ts';
import type { SavedState } from './store.ts';

export interface Becoming {
  readonly layout: Layout;
  readonly guest: GuestIdentity;
  readonly image: BootImage;
  readonly state: SavedState;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Lets a restored machine, which is paused, run, and gives it its own identity before anything in it can be reached. */
export async function becomeItself(becoming: Becoming): Promise<void> {
  const { layout, guest, signal } = becoming;
  await qmp(layout.qmpSocket(guest.name), [{ execute: 'cont' }]);
  const what = `the restored machine could not become ${guest.name}`;
  await carryOut(layout, guest.name, identityLine(becoming), { what, signal });
}

/** The order that agent.pl reads: fields with tabs between them, what may hold any byte in hexadecimal. */
function identityLine({ layout, guest, image, state, clock }: Becoming): string {
  const { name } = guest;
  const fields = {
    time: (clock.now() / 1000).toFixed(3),
    seed: randomBytes(64).toString('hex'),
    hostname: name,
    'machine-id': layout.machineId(name),
    'boot-id': randomUUID(),
    'engine-id': randomUUID(),
    files: identityFiles(layout, guest, image.configure)
      .map(({ path, mode, contents }) => `${hex(path)}:${mode}:${hex(contents)}`)
      .join(' '),
    'saved-macs': `${state.macs.uplink} ${state.macs.segment}`,
    macs: `${layout.mac(name, 'uplink')} ${layout.mac(name, 'segment')}`,
    address: `${guest.address}/${SEGMENT.prefix}`,
  };
  return ['become', ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join('\t');
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
