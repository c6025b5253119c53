import type { NodeSpec } from '../config/model.ts';
import type { RunContext, UnitContext } from '../contracts/context.ts';
import type { Emit, UnitName } from '../contracts/events.ts';
import type { Unit } from './graph.ts';

export interface UnitIo {
  readonly context: RunContext;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly warn: (message: string, key: string) => void;
}

/** What a task gets for one of its units. */
export function contextOf(unit: Unit, { context, signal, emit, warn: warnOnce }: UnitIo): UnitContext {
  const report: UnitContext['report'] = (detail, progress) =>
    emit({ type: 'unit-detail', unit: nameOf(unit), detail, ...(progress ? { progress } : {}) });
  const warn = (message: string, key = message) => warnOnce(message, key);
  // Looked up once: functions read it for each node of the swarm.
  let node: NodeSpec | undefined;
  const ownNode = () => (node ??= nodeOf(unit, context));
  return {
    ...context,
    target: unit.target,
    get node() {
      return ownNode();
    },
    signal,
    report,
    warn,
    io: { signal, report, warn },
    host: (node) => context.remote.host(node ?? ownNode().name, signal),
    engine: (node) => context.remote.engine(node ?? ownNode().name, signal),
  };
}

export function nameOf(unit: Unit): UnitName {
  return { task: unit.task.id, title: unit.task.title, target: unit.target.id };
}

function nodeOf(unit: Unit, { cluster }: Pick<RunContext, 'cluster'>): NodeSpec {
  const node = cluster.nodes.find((n) => n.name === unit.target.node);
  if (!node) throw new Error(`the unit ${unit.key} has no node of this cluster`);
  return node;
}
