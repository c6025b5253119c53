/** What a task file of your own may use: `import { defineTask } from 'swarmup'`. */

export { pipelines } from '../Taskfile.ts';
export type { Taskfile } from './pipeline/taskfile.ts';
export { firstManager, managersOf, workersOf, type Cluster, type NodeSpec } from './config/model.ts';
export type { UnitContext, World } from './contracts/context.ts';
export { SwarmupError } from './util/errors.ts';
export type { Engine } from './contracts/engine.ts';
export type { Host } from './contracts/host.ts';
export { CLUSTER, onNodes } from './contracts/target.ts';
export { defineTask } from './pipeline/task.ts';
export type { Change } from './contracts/change.ts';
export type { Desired, Target } from './contracts/target.ts';
export type { Need, Task, TaskDefinition } from './pipeline/task.ts';
export { waitUntil } from './async/wait-until.ts';
