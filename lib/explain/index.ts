import type { ErrorCode } from '../util/errors.ts';
import { engines } from './engines.ts';
import type { Explanation } from './explanation.ts';
import { machines } from './machines.ts';
import { mesh } from './mesh.ts';
import { runs } from './runs.ts';
import { services } from './services.ts';
import { ssh } from './ssh.ts';
import { swarms } from './swarms.ts';
import { usage } from './usage.ts';

export type { Explanation };

/** The codes by what they are about, in the order of the page. */
export const CHAPTERS = {
  'Commands and files': usage,
  Runs: runs,
  'Machines and clouds': machines,
  'SSH connections': ssh,
  'Hosts and engines': engines,
  'The swarm': swarms,
  'Services and stacks': services,
  'The routing mesh': mesh,
} as const satisfies Record<string, Record<string, Explanation>>;

/** Every code with its explanation. */
export const EXPLANATIONS: Readonly<Record<ErrorCode, Explanation>> = {
  ...usage,
  ...runs,
  ...machines,
  ...ssh,
  ...engines,
  ...swarms,
  ...services,
  ...mesh,
};
