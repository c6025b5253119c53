import type { ClusterStatus, NodeStatus } from '../../swarm/status.ts';
import { isShort, replicasText } from '../format.ts';
import { html, type Markup } from './markup.ts';

/** Distinguishable hues, assigned to the services in turn. */
const HUES = [212, 28, 146, 268, 340, 186, 52, 100];

/** The states of tasks that have ended and are kept only as history. Source: the task states of SwarmKit. */
const ENDED: ReadonlySet<string> = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

/** Where everything runs: managers, workers, and on each the replicas of every service. */
export function topology(status: ClusterStatus): Markup {
  const names = status.services.map((service) => service.name);
  const colour = (name: string) => `hsl(${HUES[names.indexOf(name) % HUES.length]} 65% 52%)`;
  const group = (title: string, nodes: readonly NodeStatus[]) =>
    nodes.length > 0
      ? html`<h3>${title}</h3>
          <div class="nodes">${nodes.map((node) => nodeCard(node, status, colour))}</div>`
      : undefined;
  const managers = status.nodes.filter((node) => node.role === 'manager');
  const others = status.nodes.filter((node) => node.role !== 'manager');
  const homeless = replicasOn('none', status);
  const waiting =
    homeless.length > 0
      ? html`<h3>On no node</h3>
          <p>${homeless.map((one) => chip(one, colour))}</p>`
      : undefined;
  const problems = status.problems.map((problem) => html`<p class="dim">${problem}</p>`);
  return html`<section id="topology">
    <h2>Topology</h2>
    ${problems}${group('Managers', managers)}${group('Workers', others)}${waiting}${services(status, colour)}
  </section>`;
}

interface Replica {
  readonly service: string;
  readonly state: string;
  readonly error: string | null;
}

function replicasOn(node: string, { services }: ClusterStatus): Replica[] {
  return services.flatMap(({ name, tasks }) =>
    tasks
      .filter((task) => task.node === node && !ENDED.has(task.state))
      .map(({ state, error }) => ({ service: name, state, error })),
  );
}

function nodeCard(node: NodeStatus, status: ClusterStatus, colour: (service: string) => string): Markup {
  const { name, role, machine, swarm, engine, address } = node;
  const away = machine !== 'running' || swarm?.state !== 'ready';
  const marks = [
    swarm?.leader ? 'leader' : '',
    swarm?.availability === 'active' ? '' : (swarm?.availability ?? 'not in the swarm'),
    away ? `machine ${machine}, ${swarm?.state ?? 'absent'}` : '',
  ].filter((mark) => mark !== '');
  const replicas = replicasOn(name, status);
  return html`<div class="node ${role}${away ? ' away' : ''}">
    <b>${name}</b> <span class="dim">${marks.join(', ')}</span><br /><span class="dim"
      >${address ?? ''}${engine ? ` · Docker ${engine}` : ''}</span
    >
    <div>${replicas.map((one) => chip(one, colour))}</div>
  </div>`;
}

function chip({ service, state, error }: Replica, colour: (service: string) => string): Markup {
  const running = state === 'running';
  return html`<span class="chip${running ? '' : ' bad'}" title="${error ?? state}"
    ><i style="background:${colour(service)}"></i>${service}${running ? '' : `: ${state}`}</span
  >`;
}

/** A record may come from elsewhere: only addresses of web pages become links. */
function link(url: string, text: string): Markup {
  return /^https?:\/\//.test(url) ? html`<a href="${url}">${text}</a> ` : html`${text} `;
}

function services({ services: all }: ClusterStatus, colour: (service: string) => string): Markup | undefined {
  if (all.length === 0) return undefined;
  const rows = all.map(({ name, image, replicas, urls, tasks }) => {
    const short = isShort(replicas);
    const error = short ? tasks.find((task) => task.error !== null)?.error : undefined;
    const trouble = error ? html`<br /><span class="dim">${error}</span>` : undefined;
    const links = urls.map(({ node, url, port }) => link(url, `${node}:${port}`));
    return html`<tr>
      <td><span class="key" style="background:${colour(name)}"></span>${name}</td>
      <td>${replicasText(replicas)}${trouble}</td>
      <td><code>${image}</code></td>
      <td>${links}</td>
    </tr>`;
  });
  return html`<h3>Services</h3>
    <div class="table">
      <table>
        <tr>
          <th>Service</th>
          <th>Replicas</th>
          <th>Image</th>
          <th>Where</th>
        </tr>
        ${rows}
      </table>
    </div>`;
}
