import {
  failuresBehind,
  KNOWN_FAILURES,
  knownFailures,
  provokedIn,
  type KnownFailure,
} from '../lib/explain/catalogue.ts';
import { CHAPTERS, type Explanation } from '../lib/explain/index.ts';
import { isErrorCode } from '../lib/util/errors.ts';

/** docs/errors.md: an entry for every error code, and the known failures. */
export function errorsPage(): string {
  return `${[
    '# Errors',
    '',
    'Every error has a code. `swarmup explain CODE` prints the same as this page, which `npm run generate` writes from',
    '`lib/explain`. What is known to go wrong, and what swarmup does about it, is under [Known failures](#known-failures).',
    '',
    ...Object.entries(CHAPTERS).flatMap(([title, entries]) => [
      `## ${title}`,
      '',
      ...Object.entries<Explanation>(entries).flatMap(([code, explanation]) => entry(code, explanation)),
    ]),
    ...catalogue(),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function entry(code: string, { meaning, causes, look, fix, example }: Explanation): string[] {
  const known = isErrorCode(code) ? failuresBehind(code) : [];
  const links = known.map(({ number }) => `[${number}](#failure-${number})`).join(', ');
  return [
    `### ${code}`,
    '',
    meaning,
    '',
    ...causes.map((cause) => `- ${cause}`),
    '',
    `**See it:** ${look}`,
    '',
    `**Fix it:** ${fix}`,
    '',
    ...(known.length > 0 ? [`**Known failures:** ${links}`, ''] : []),
    '```',
    example,
    '```',
    '',
  ];
}

function catalogue(): string[] {
  const all = knownFailures();
  const count = (handling: KnownFailure['handling']) => all.filter((one) => one.handling === handling).length;
  const provoked = all.filter((one) => provokedIn(one).length > 0).length;
  return [
    '## Known failures',
    '',
    `${all.length} ways in which bringing up a swarm is known to fail: ${count('explained')} have a message of their own, ${count('prevented')} are prevented.`,
    `${provoked} were provoked for real: the last column says in what. The others are simulated in tests. \`lib/explain/known\` names the tests.`,
    '',
    ...Object.entries<readonly KnownFailure[]>(KNOWN_FAILURES).flatMap(([title, entries]) => [
      `### ${title}`,
      '',
      '| | failure | | what swarmup does | codes | provoked in |',
      '| --- | --- | --- | --- | --- | --- |',
      ...entries.map(row),
      '',
    ]),
  ];
}

function row(known: KnownFailure): string {
  const { number, failure, reference, handling, does, codes } = known;
  const cells = [
    `<a id="failure-${number}"></a>${number}`,
    reference === undefined ? failure : `${failure} (${reference})`,
    handling,
    does,
    codes.map((code) => `[${code}](#${code.toLowerCase()})`).join(', '),
    provokedIn(known).join(', '),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
