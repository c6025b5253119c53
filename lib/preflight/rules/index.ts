import { comparisonRules } from './comparison.ts';
import { engineRules } from './engine.ts';
import { linkRules } from './links.ts';
import { machineRules } from './machine.ts';
import { portRules } from './ports.ts';
import type { Rule } from './rule.ts';
import { surroundingRules } from './surroundings.ts';

/** All that is checked of each host before anything is changed on any. */
export const rules: readonly Rule[] = [
  ...machineRules,
  ...comparisonRules,
  ...engineRules,
  ...portRules,
  ...linkRules,
  ...surroundingRules,
];
