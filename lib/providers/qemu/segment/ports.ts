import type { QmpCommand } from '../../../remote/qmp.ts';

/** The port of a machine on the hub: the connection to it, and what joins that to the hub. */
export interface HubPort {
  /** QEMU's name for the connection; undefined when only the port is left. */
  readonly stream?: string;
  /** QEMU's name for the port; undefined when a killed run hadn't made it yet. */
  readonly port?: string;
  readonly state: 'connected' | 'connecting' | 'failed';
}

/** QEMU's names begin with a letter; those of nodes may begin with a digit. */
const streamId = (node: string): string => `machine-${node}`;
const portId = (node: string): string => `port-${node}`;

/**
 * The ports of a hub by node, from what QEMU's monitor prints for `info network`. Measured with QEMU 7.2:
 *
 *     hub 0
 *      \ port-m1: machine-m1: index=0,type=stream,unix:/run/m1.net
 *
 * The last part is empty while it connects and after the other end is gone; then a text about the failure.
 */
export function parsePorts(text: string): ReadonlyMap<string, HubPort> {
  const ports = new Map<string, HubPort>();
  for (const line of text.split(/\r?\n/)) {
    const port = /\bport-([^:\s]+):/.exec(line)?.[1];
    const [, machine, info = ''] = /\bmachine-([^:\s]+): index=\d+,type=stream,(.*)$/.exec(line) ?? [];
    const node = machine ?? port;
    if (node === undefined) continue;
    ports.set(node, {
      ...(machine === undefined ? {} : { stream: streamId(node) }),
      ...(port === undefined ? {} : { port: portId(node) }),
      state: machine === undefined || port === undefined ? 'failed' : stateOf(info.trim()),
    });
  }
  return ports;
}

function stateOf(info: string): HubPort['state'] {
  if (info.startsWith('unix:')) return 'connected';
  return info === '' || info === 'connecting' ? 'connecting' : 'failed';
}

/** What connects a machine to the hub. Source: QEMU's QAPI schema, netdev_add. */
export function plugCommands({ node, socket }: { readonly node: string; readonly socket: string }): QmpCommand[] {
  const add = (options: object): QmpCommand => ({ execute: 'netdev_add', arguments: { ...options } });
  return [
    add({ type: 'stream', id: streamId(node), server: false, addr: { type: 'unix', path: socket } }),
    add({ type: 'hubport', id: portId(node), hubid: 0, netdev: streamId(node) }),
  ];
}

/** What removes a machine's port from the hub. */
export function unplugCommands(port: HubPort | undefined): QmpCommand[] {
  const ids = [port?.port, port?.stream].filter((id) => id !== undefined);
  return ids.map((id) => ({ execute: 'netdev_del', arguments: { id } }));
}
