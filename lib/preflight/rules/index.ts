import { comparisonRules } from './comparison.ts';
import { engineRules } from './engine.ts';
import { linkRules } from './links.ts';
import { machineRules } from './machine.ts';
import { poolRules } from './pools.ts';
import { portRules } from './ports.ts';
import type { Rule } from './rule.ts';
import { surroundingRules } from './surroundings.ts';

/** All checks of a host before any host is changed. */
export const rules: readonly Rule[] = [
  ...machineRules,
  ...comparisonRules,
  ...engineRules,
  ...portRules,
  ...poolRules,
  ...linkRules,
  ...surroundingRules,
];
