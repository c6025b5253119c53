import { resultOf } from '../child.ts';
import type { Measured } from '../measured.ts';
import type { BareResult } from '../runs/bare.ts';

const NAMES = {
  script: 'a parallel shell script',
  ansible: 'Ansible with community.docker',
  swarmup: 'swarmup',
} as const;

/** Three bare Debian 12 machines, from "SSH answers" to a page from each of them, and the same command again. */
export async function bare(lock: string | undefined): Promise<Measured> {
  const results: (BareResult & { name: string; shown: string })[] = [];
  for (const [name, shown] of Object.entries(NAMES))
    results.push({ name, shown, ...(await resultOf<BareResult>('bare', [name], { lock })) });
  const own = results.find(({ name }) => name === 'swarmup');
  const rows = (what: string, key: 'firstMs' | 'secondMs') =>
    results.map(({ name, shown, [key]: ms }) => ({
      what: `${what}: ${shown}`,
      figure: `${(ms / 1000).toFixed(key === 'firstMs' ? 0 : 1)} s`,
      compared: own && name !== 'swarmup' ? `${(ms / own[key]).toFixed(2)} × swarmup` : '',
    }));
  return {
    vm: own?.accelerator ?? '',
    figures: [...rows('three bare machines', 'firstMs'), ...rows('a second run', 'secondMs')],
  };
}
