import pc from 'picocolors';
import type { ClusterStatus } from '../swarm/status.ts';
import { hangingLines, visibleLine } from '../util/visible.ts';
import { print } from './output.ts';
import { isShort, replicasText } from './format.ts';
import { estimateText, rentText, type RentedNode } from './rent.ts';
import { table } from './table.ts';

/** `status` as tables. */
export function printStatus(status: ClusterStatus): void {
  const { cluster, nodes, services, problems } = status;
  print(`${pc.bold(cluster.name)}  ${pc.dim(`${cluster.provider}, swarm ${cluster.id ?? 'none'}`)}\n\n`);
  print(
    table(
      ['NODE', 'ROLE', 'MACHINE', 'STATE', 'AVAILABILITY', 'ENGINE', 'ADDRESS', 'SSH'],
      nodes.map((node) => [
        node.name,
        node.swarm?.leader ? `${node.role}, leader` : node.role,
        node.machine,
        node.swarm?.state ?? '-',
        node.swarm?.availability ?? '-',
        node.engine ?? '-',
        node.address ?? '-',
        node.ssh ? `${node.ssh.user}@${node.ssh.host}:${node.ssh.port}` : '-',
      ]),
    ),
  );
  if (services.length > 0) {
    print('\n');
    print(
      table(
        ['SERVICE', 'REPLICAS', 'IMAGE', 'NODES'],
        services.map((service) => [
          service.name,
          replicasText(service.replicas),
          service.image,
          placement(service.tasks),
        ]),
      ),
    );
    for (const service of services) {
      if (service.urls.length > 0)
        print(
          `\n${visibleLine(service.name)}: ${service.urls.map((url) => visibleLine(`${url.node} ${url.url}`)).join('  ')}`,
        );
      const [trouble] = service.tasks.filter((task) => task.error);
      if (trouble && isShort(service.replicas))
        print(`\n  ${pc.red('✖')} ${visibleLine(`${trouble.node}: ${trouble.state}: ${trouble.error}`)}`);
    }
    print('\n');
  }
  const rented = nodes.filter((node): node is typeof node & RentedNode => node.rented !== undefined);
  print(rentText(rented));
  print(estimateText(rented.map((node) => node.rented.perHour)));
  for (const problem of problems) print(`\n${pc.yellow('!')} ${hangingLines(problem, '  ')}\n`);
}

function placement(tasks: ClusterStatus['services'][number]['tasks']): string {
  const counts = new Map<string, number>();
  for (const task of tasks) if (task.state === 'running') counts.set(task.node, (counts.get(task.node) ?? 0) + 1);
  return [...counts].map(([node, count]) => (count > 1 ? `${node}×${count}` : node)).join(' ') || '-';
}
