import { defineConfig } from 'vitest/config';
import { isLong } from './test/support/long.ts';

/** What takes too long for every change. */
const LONG = ['contract', 'managers', 'mixed', 'nightly', 'recovery', 'segment', 'states'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** Long runs try 20 times as many inputs. */
const TIMEOUT_MS = isLong ? 900_000 : 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['test/support/temporary.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/ssh/**', 'test/ec2/**', 'test/browser/**'],
          // Many start processes, which takes its time on a busy machine; on a fresh one, packages are installed first.
          testTimeout: TIMEOUT_MS,
          hookTimeout: 300_000,
          // Every test sets its own stage; the order must not matter.
          sequence: { shuffle: true },
        },
      },
      {
        test: {
          name: 'ssh',
          include: ['test/ssh/*.test.ts'],
          testTimeout: TIMEOUT_MS,
          hookTimeout: 300_000,
        },
      },
      // An emulated EC2 each, which runs in a chroot.
      {
        test: {
          name: 'ec2',
          include: ['test/ec2/*.test.ts'],
          globalSetup: ['test/support/temporary.ts', 'test/ec2/setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/*.test.ts'],
          globalSetup: ['test/support/temporary.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      // Real machines under emulation: one file after the other, each test with its own deadline.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          exclude: isLong ? [] : LONG,
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          setupFiles: ['test/e2e/one-after-another.ts'],
        },
      },
    ],
  },
});
