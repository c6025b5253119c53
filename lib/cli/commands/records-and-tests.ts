import { defineCommand, oneOrNone, type Command } from '../command.ts';
import { flag, text } from '../option.ts';
import { change, common } from '../options.ts';

const group = 'Records, tests and cache';

const nightly = defineCommand({
  name: 'nightly',
  group,
  summary: 'test the whole life of a cluster: up, lose nodes, scale, down; writes JUnit and HTML reports',
  args: [],
  options: {
    ...change,
    out: text('--out <folder>', 'where the reports go (default: nightly-NAME)'),
    retain: flag('--retain', 'keep the cluster as it is when something fails'),
  },
  examples: { 'nightly --yes --out reports': 'in a CI job' },
  load: async () => (await import('../actions/nightly.ts')).nightly,
});

const runs = defineCommand({
  name: 'runs',
  group,
  summary: 'list the records of runs',
  args: [],
  options: common,
  examples: { runs: 'the latest last' },
  load: async () => (await import('../actions/runs.ts')).runs,
});

const report = defineCommand({
  name: 'report',
  group,
  summary: 'write one HTML page about a run: summary, timeline, failures, topology',
  args: [oneOrNone('run', 'its name in `swarmup runs`; default: the latest')],
  options: {
    ...common,
    output: text('-o, --output <file>', 'where to write it (default: report.html in the record)'),
    junit: text('--junit <file>', 'write a JUnit report too'),
  },
  examples: { report: 'about the latest run' },
  load: async () => (await import('../actions/runs.ts')).report,
});

const diagnose = defineCommand({
  name: 'diagnose',
  group,
  summary: 'collect what somebody who helps needs into one archive, without secrets, after listing what goes in',
  args: [],
  options: {
    ...common,
    output: text('-o, --output <file>', 'the archive to write (default: NAME-diagnosis-TIME.tar.gz here)'),
    logs: flag('--logs', "include the last lines of the services' output"),
  },
  examples: {
    diagnose: 'status, facts, the last run, logs of the engines around its failure',
    'diagnose --logs -o help.tar.gz': 'with the output of the services',
  },
  load: async () => (await import('../actions/diagnose.ts')).diagnose,
});

const cache = defineCommand({
  name: 'cache',
  group,
  summary: 'list the images and machine states that all clusters share, or remove those that no machine uses',
  args: [oneOrNone('what', '`list` (default), or `clear`')],
  options: { json: common.json, yes: common.yes },
  examples: { cache: 'show each with its size', 'cache clear': 'remove what no machine uses' },
  load: async () => (await import('../actions/cache.ts')).cache,
});

export const recordsAndTests: readonly Command[] = [nightly, runs, report, diagnose, cache];
