/**
 * The public API for your own programs and modules: runs, task files and providers. See docs/library.md, pipelines.md
 * and providers.md.
 */

export { pipelines } from '../Taskfile.ts';
export { loadCluster, type LoadOptions } from './session/load.ts';
export { run, type RunOptions } from './session/run.ts';
export { drain } from './async/iterate.ts';
export type { Event, RunResult, UnitResult } from './contracts/events.ts';
export type { PresentedHostKey, Prompts } from './contracts/prompts.ts';
export type { Taskfile } from './pipeline/taskfile.ts';
export { firstManager, managersOf, workersOf, type Cluster, type HostSpec, type NodeSpec } from './config/model.ts';
export type { UnitContext, World } from './contracts/context.ts';
export { SwarmupError, type ErrorCode } from './util/errors.ts';
export type { PostMortem } from './util/post-mortem.ts';
export type { Engine } from './contracts/engine.ts';
export type { Host } from './contracts/host.ts';
export { CLUSTER, onNodes } from './contracts/target.ts';
export { defineTask } from './pipeline/task.ts';
export { created, removed, step, updated, waiting, type Change, type Path, type Value } from './contracts/change.ts';
export type { Desired, Target } from './contracts/target.ts';
export type { Need, Task, TaskDefinition } from './pipeline/task.ts';
export { waitUntil } from './async/wait-until.ts';

// For providers; z is the zod that reads the cluster file.
export { z } from 'zod';
export { defineProvider, type ProviderDefinition, type ProviderParts } from './providers/definition.ts';
export { sshAccess } from './providers/hosts/directory.ts';
export type { ExistingHost, NamedHost, SshAccess } from './providers/hosts/ssh-access.ts';
export { sshKeys, type SshDefaults } from './providers/hosts/config.ts';
export { sshHost, sshUser } from './config/grammar.ts';
export { name as nodeName } from './config/names.ts';
export type { Endpoint, SshEndpoint } from './contracts/endpoint.ts';
export type { LocalCommands, LocalRun } from './contracts/local-commands.ts';
export type { Output } from './contracts/output.ts';
export type { Clock } from './async/clock.ts';
export type {
  Machine,
  Price,
  Provider,
  ProviderIo,
  ProviderOptions,
  Rented,
  SharedThings,
  Snapshot,
  SnapshotRequest,
  Snapshots,
  UnknownHost,
} from './contracts/provider.ts';
export { Secret } from './util/secret.ts';
