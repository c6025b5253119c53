import { imageStore } from '../../lib/images/store.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { cacheFolder } from '../../lib/util/files.ts';
import { get } from '../../test/support/machines.ts';
import { needPackages } from '../../test/support/packages.ts';
import { accelerator } from '../accelerator.ts';
import { CONTENDERS } from '../bare/contenders.ts';
import { withGuests } from '../bare/guests.ts';
import { progress } from '../child.ts';

/** Both runs of one contender on new guests. Usage: bare.ts script|ansible|swarmup */

export interface BareResult {
  readonly firstMs: number;
  readonly secondMs: number;
  readonly accelerator: string;
}

const [name = ''] = process.argv.slice(2);
const contender = CONTENDERS[name];
if (!contender)
  throw new Error(`there is no contender '${name}': expected one of ${Object.keys(CONTENDERS).join(', ')}`);
needPackages('openssh-client', 'curl', 'mmdebstrap', ...(name === 'ansible' ? ['ansible'] : []));

const cache = cacheFolder(process.env);
const store = imageStore({ local: localCommands(() => undefined, process.env), cache, mirror: undefined });
const image = await store.build('nginx:latest', { signal: new AbortController().signal, report: () => undefined });

progress(`${name}: booting three guests`);
const result = await withGuests<BareResult>(async (guests) => {
  contender.prepare(guests, image);
  const timed = async () => {
    const start = performance.now();
    await contender.run(guests, image);
    const ms = performance.now() - start;
    // A contender that stopped too early is not fast.
    for (const { address } of guests.all) {
      const { status } = await get(`http://${address}/`);
      if (status !== 200) throw new Error(`${name} ended, but http://${address}/ answers ${status}`);
    }
    progress(`${name}: ${Math.round(ms / 1000)} s`);
    return ms;
  };
  const firstMs = await timed();
  const secondMs = await timed();
  return { firstMs, secondMs, accelerator: accelerator('bench-machines') };
});
process.stdout.write(JSON.stringify(result));
