import { defineConfig } from 'vitest/config';

/** Whole losses and what comes after them. */
const LONG = ['test/e2e/recovery.test.ts'];

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
          testTimeout: 60_000,
          hookTimeout: 300_000,
          // Every test sets its own stage; the order must not matter.
          sequence: { shuffle: true },
        },
      },
      {
        test: {
          name: 'ssh',
          include: ['test/ssh/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
          fileParallelism: false,
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
      // Real machines under emulation: two clusters at a time, which all wait for something now and then; each test with its deadline.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          exclude: LONG,
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          bail: 1,
        },
      },
      // What takes too long for every change.
      {
        test: {
          name: 'long',
          include: LONG,
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          bail: 1,
        },
      },
    ],
  },
});
