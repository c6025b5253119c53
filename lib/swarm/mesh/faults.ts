import type { NodeSpec } from '../../config/model.ts';
import type { MeshLook, MeshNode, MeshPort, MeshState } from '../../contracts/mesh.ts';
import type { IngressRules } from '../../facts/ingress-rules.ts';
import type { IngressSandbox } from '../../facts/ingress-sandbox.ts';
import type { MeshFault, MeshSettings } from './fault.ts';
import { linkFaults } from './link-faults.ts';

/** All faults, the surest first. Pure. */
export function faultsOf(look: MeshLook, cluster: MeshSettings): readonly MeshFault[] {
  return [...stateFaults(look, cluster), ...linkFaults(look, cluster)];
}

/** Those that show in what a node has; rules that are lost stay so. Pure. */
export function stateFaults({ nodes, ports }: MeshState, cluster: MeshSettings): readonly MeshFault[] {
  return [
    ...nodes.flatMap((node) => rulesFault(node, ports, cluster) ?? []),
    ...nodes.flatMap((node) => backendFaults(node, ports, cluster)),
  ];
}

/** Rules that the engine made, as its namespace has the port, and that something removed since. */
function rulesFault(
  { node, rules, sandbox }: MeshNode,
  ports: readonly MeshPort[],
  cluster: MeshSettings,
): MeshFault | undefined {
  if (!rules || !sandbox || sandbox === 'absent' || !sandbox.marks) return undefined;
  const { marks } = sandbox;
  const known = ports.filter(({ port, running }) => running.length > 0 && marks.has(port)).map(({ port }) => port);
  const lost = known.length > 0 ? lostRules(rules, sandbox, known) : undefined;
  if (!lost) return undefined;
  const forwarded = [...rules.forwards].map(([port, to]) => `${port} to ${to}`).join(', ') || 'no port';
  const found = rules.hasChain ? `DOCKER-INGRESS in nat forwards ${forwarded}` : 'nat has no DOCKER-INGRESS';
  return {
    code: 'INGRESS_RULES_LOST',
    nodes: [node],
    ports: lost.ports,
    message: `${node} lost Docker's firewall rules for published ports: ${lost.what}`,
    fix: `${restart(node, cluster)} What reloads or flushes the firewall removes them: firewall-cmd --reload, iptables -F, nft flush ruleset.`,
    evidence: [`iptables-save on ${node}: ${found}; its engine published ${known.join(', ')}`],
  };
}

interface Lost {
  readonly what: string;
  /** The ports that don't answer. */
  readonly ports: readonly number[];
}

/** The first rule on the way of a request that is missing. */
function lostRules(rules: IngressRules, { addresses }: IngressSandbox, known: readonly number[]): Lost | undefined {
  const list = (ports: readonly number[]) => `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`;
  if (!rules.hasChain) return { what: 'its nat table has no chain DOCKER-INGRESS', ports: known };
  if (!rules.isReached) return { what: "PREROUTING of its nat table doesn't jump to DOCKER-INGRESS", ports: known };
  const unforwarded = known.filter((port) => !rules.forwards.has(port));
  if (unforwarded.length > 0)
    return { what: `DOCKER-INGRESS of its nat table doesn't forward ${list(unforwarded)}`, ports: unforwarded };
  const astray = known.filter((port) => !addresses.some(({ address }) => address === rules.forwards.get(port)));
  if (astray.length > 0)
    return {
      what: `DOCKER-INGRESS of its nat table forwards ${list(astray)} to an address that ingress_sbox doesn't have`,
      ports: astray,
    };
  if (!rules.drops) return undefined;
  if (!rules.isFiltered)
    return { what: "FORWARD of its filter table drops, and doesn't lead to DOCKER-INGRESS", ports: known };
  const unaccepted = known.filter((port) => !rules.accepts.has(port));
  return unaccepted.length > 0
    ? { what: `DOCKER-INGRESS of its filter table doesn't accept ${list(unaccepted)}`, ports: unaccepted }
    : undefined;
}

/** The tasks that a node distributes requests to, compared with those that run. */
function backendFaults({ node, sandbox }: MeshNode, ports: readonly MeshPort[], cluster: MeshSettings): MeshFault[] {
  if (!sandbox) return [];
  const running = ports.filter((port) => port.running.length > 0);
  if (sandbox === 'absent') {
    if (running.length === 0) return [];
    return [
      stale(
        node,
        cluster,
        running.map(({ port }) => port),
        'its engine has no ingress network',
        [],
      ),
    ];
  }
  const { marks, backends } = sandbox;
  if (!marks || !backends) return [];
  return running.flatMap(({ port, service, running: tasks, passing }) => {
    const mark = marks.get(port);
    const all = mark === undefined ? [] : (backends.get(mark) ?? []);
    const used = all.filter(({ weight }) => weight > 0).map(({ address }) => address);
    const dead = used.filter((address) => !tasks.includes(address) && !passing.includes(address));
    const missed = tasks.filter((address) => !used.includes(address));
    const evidence = [
      `/proc/net/ip_vs in ingress_sbox on ${node}: port ${port} goes to ${all.map(({ address, weight }) => `${address} (weight ${weight})`).join(', ') || 'no task'}; the tasks of ${service} have ${tasks.join(', ')}`,
    ];
    if (dead.length > 0) {
      const part = dead.length === used.length ? 'every request' : `${dead.length} in ${used.length} requests`;
      const where = `it sends ${part} for port ${port} to ${dead.join(', ')}, where no task of ${service} is`;
      return [stale(node, cluster, [port], where, evidence)];
    }
    if (missed.length === 0) return [];
    const where =
      used.length === 0
        ? `it knows no task of ${service}, which publishes port ${port}`
        : `it sends none for port ${port} to ${missed.join(', ')}, where tasks of ${service} run`;
    return [stale(node, cluster, [port], where, evidence)];
  });
}

function stale(
  node: string,
  cluster: MeshSettings,
  ports: readonly number[],
  what: string,
  evidence: readonly string[],
): MeshFault {
  return {
    code: 'INGRESS_STALE',
    nodes: [node],
    ports,
    message: `${node} distributes requests to wrong tasks: ${what}`,
    fix: restart(node, cluster),
    evidence,
  };
}

/** The command that makes an engine write all of it again. */
function restart(node: string, { nodes, swarm }: MeshSettings): string {
  const isLocked =
    swarm.autolock === true && nodes.some(({ name, role }: NodeSpec) => name === node && role === 'manager');
  const unlock = isLocked ? ', and then: swarmup unlock' : '';
  return `Restart its engine, which restarts the node's tasks: swarmup ssh ${node} -- sudo systemctl restart docker${unlock}.`;
}
