/** What programs and task files of your own may use: `import { ... } from 'swarmup'`. See docs/library.md and docs/pipelines.md. */

export { pipelines } from '../Taskfile.ts';
export { loadCluster, type LoadOptions } from './session/load.ts';
export { run, type RunOptions } from './session/run.ts';
export { drain } from './async/iterate.ts';
export type { Event, RunResult, UnitResult } from './contracts/events.ts';
export type { PresentedHostKey, Prompts } from './contracts/prompts.ts';
export { Secret } from './util/secret.ts';
export type { Taskfile } from './pipeline/taskfile.ts';
export { firstManager, managersOf, workersOf, type Cluster, type NodeSpec } from './config/model.ts';
export type { UnitContext, World } from './contracts/context.ts';
export { SwarmupError, type ErrorCode } from './util/errors.ts';
export type { Engine } from './contracts/engine.ts';
export type { Host } from './contracts/host.ts';
export { CLUSTER, onNodes } from './contracts/target.ts';
export { defineTask } from './pipeline/task.ts';
export { created, removed, step, updated, waiting, type Change, type Path, type Value } from './contracts/change.ts';
export type { Desired, Target } from './contracts/target.ts';
export type { Need, Task, TaskDefinition } from './pipeline/task.ts';
export { waitUntil } from './async/wait-until.ts';
