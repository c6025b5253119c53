import { Readable } from 'node:stream';
import type { SwarmService, SwarmTask } from '../../lib/contracts/swarm-types.ts';

/** The log stream of containers without a terminal. Source: the Engine API, "Stream format". */
export function framed(lines: readonly (readonly [number, string])[]): Readable {
  const frames = lines.map(([stream, text]) => {
    const header = Buffer.alloc(8);
    header.writeUInt8(stream, 0);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  });
  // Chunks of the stream don't end where frames end.
  const whole = Buffer.concat(frames);
  return Readable.from(
    [whole.subarray(0, 5), whole.subarray(5, 200), whole.subarray(200)].filter(({ length }) => length),
  );
}

export function filtered(services: readonly SwarmService[], filters: string | undefined): SwarmService[] {
  const { id, name, label }: Record<string, string[] | undefined> = JSON.parse(filters ?? '{}');
  return structuredClone(
    services.filter(
      (service) =>
        (id?.includes(service.ID) ?? true) &&
        // The engine's own name filter matches prefixes.
        (name?.some((prefix) => service.Spec.Name.startsWith(prefix)) ?? true) &&
        (label?.every((text) => service.Spec.Labels?.[text.split('=')[0] ?? ''] === text.split('=')[1]) ?? true),
    ),
  );
}

export function filteredTasks(tasks: readonly SwarmTask[], filters: string | undefined): SwarmTask[] {
  const { service, node }: Record<string, string[] | undefined> = JSON.parse(filters ?? '{}');
  return tasks.filter(
    (task) => (service?.includes(task.ServiceID) ?? true) && (node?.includes(task.NodeID ?? '') ?? true),
  );
}
