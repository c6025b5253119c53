/** What a task file of your own may use: `import { defineTask } from 'swarmup'`. */

export { pipelines } from '../Taskfile.ts';
export type { Taskfile } from './catalogue.ts';
export { firstManager, managersOf, workersOf, type Cluster, type NodeSpec } from './config/model.ts';
export type { UnitContext, World } from './context.ts';
export { SwarmupError } from './errors.ts';
export type { Engine } from './remote/engine.ts';
export type { Host } from './remote/host.ts';
export { CLUSTER, defineTask, onNodes } from './task.ts';
export type { Change, Desired, Need, Target, Task, TaskDefinition } from './task.ts';
export { waitUntil } from './wait.ts';
