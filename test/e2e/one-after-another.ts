import { afterEach, beforeEach } from 'vitest';

let failed: string | undefined;

/** The tests of a file work on the same machines, one after the other: after one failed, the rest of its file would fail for it. */
beforeEach((context) => {
  context.skip(failed !== undefined, `“${failed}” failed`);
});

afterEach(({ task }) => {
  if (task.result?.state !== 'fail') return;
  failed ??= task.name;
  // Reporters tell the reason at the very end, which a run that is stopped before doesn't reach.
  for (const { message, diff } of task.result.errors ?? []) console.error(`✖ ${task.name}\n${message}\n${diff ?? ''}`);
});
