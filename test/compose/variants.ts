import * as fc from 'fast-check';
import { one, rarely, some, values, type Make } from './random.ts';
import { ANY, KEYS, OTHER, TOP } from './variant-keys.ts';

const VERSIONS = values`
  ¦  ¦  ¦  ¦ version: "3" ¦ version: "3.8" ¦ version: "3.0" ¦ version: "3.3" ¦ version: "3.5"
  ¦ version: 3.8 ¦ version: "3.7" ¦ version: "3.12" ¦ version: "2.4" ¦ version: "3.14" ¦ version: "\${P}"
  ¦ version: 
`;

type Line = readonly [key: string, value: string];

const line = (key: string, value: Make): fc.Arbitrary<Line> => fc.tuple(fc.constant(key), value);

/** The keys of a service: mostly with values that fit. */
const known = fc.oneof(...Object.entries(KEYS).map(([key, make]) => line(key, rarely(one(ANY), 20, make))));
const other = fc.tuple(fc.constantFrom(...OTHER), one(ANY));
const service = fc
  .tuple(fc.uniqueArray(known, { maxLength: 3, selector: ([key]) => key }), rarely(other, 15, fc.constant(undefined)))
  .map(([lines, more]) => serviceText(more ? [...lines, more] : lines));

function serviceText(lines: readonly Line[]): string {
  const all = lines.some(([key]) => key === 'image') ? lines : [['image', 'nginx'], ...lines];
  return all.map(([key, value]) => `    ${key}: ${value}\n`).join('');
}

const sections = some(
  Object.entries(TOP).map(([key, make]) => make.map((value) => `${key}: ${value}\n`)),
  7,
);
const fileBody = fc
  .tuple(fc.array(service, { minLength: 1, maxLength: 2 }), sections)
  .map(
    ([services, more]) => `services:\n${services.map((text, i) => `  ${'ab'[i]}:\n${text}`).join('')}${more.join('')}`,
  );

/** Random Compose files that belong together: valid ones, and many that are wrong in one place. */
export const composeFiles: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    rarely(fc.constantFrom(...VERSIONS), 6, fc.constant('')),
    fileBody,
    rarely(fileBody, 4, fc.constant(undefined)),
  )
  .map(([version, first, second]) =>
    [first, ...(second === undefined ? [] : [second])].map((body) => `${version}\n${body}`),
  );
