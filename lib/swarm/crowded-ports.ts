import type { Cluster } from '../config/model.ts';
import type { NewPort, PortProblem } from './port-clash.ts';
import { portText, publishersOf } from './publishers.ts';

/**
 * New ports in host mode for which there are too few nodes: one node runs one task with such a port, of whichever service.
 * Only what can never run is a problem. Pure.
 */
export function crowdedPorts(wanted: readonly NewPort[], cluster: Cluster): readonly PortProblem[] {
  const texts = new Set(wanted.filter(({ port }) => port.mode === 'host').map(({ port }) => portText(port)));
  const active = cluster.nodes.filter(({ availability }) => availability === 'active').length;
  return [...texts].flatMap((text) => {
    const all = publishersOf(cluster).flatMap((publisher) => {
      const port = publisher.ports.find((one) => one.mode === 'host' && portText(one) === text);
      const tasks = publisher.tasks(active);
      return port && tasks > 0 ? [{ publisher, port, tasks }] : [];
    });
    const nodes = cluster.nodes.filter((node) => all.some(({ publisher }) => publisher.mayRunOn(node))).length;
    if (all.reduce((sum, { tasks }) => sum + tasks, 0) <= nodes) return [];
    const who = all.map(({ publisher, port, tasks }) => {
      const place = publisher.place(port);
      return `service ${publisher.name}${place === undefined ? '' : ` (${place})`} has ${tasks}`;
    });
    return [
      {
        message: `${text} is published in host mode by more tasks than there are nodes for them, ${nodes}, and each node can run one: ${who.join(', ')}`,
        fix: 'Publish another port, run fewer tasks, add nodes, or publish it through the routing mesh (mode: ingress) of one service.',
      },
    ];
  });
}
