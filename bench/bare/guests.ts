import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOwn } from '../../lib/util/remove.ts';
import { cleaningUp } from '../cleaning-up.ts';
import { Cli, type StatusDocument, type UpDocument } from '../../test/support/cli.ts';

/** Three new machines without Docker, which no contender has seen before. */
const MACHINES = `name: bench-machines
provider: { type: qemu, image: debian-12, cpus: 1, memory: 1536MiB, disk: 10GiB, start: boot }
nodes:
  - { name: n1, role: manager }
  - { name: n2, role: worker }
  - { name: n3, role: worker }
docker: { source: distro }
services:
  web: { image: nginx, ports: ['80:80'] }
`;

/** Where their SSH servers listen; 22 may be taken on this computer. */
const SSH_PORT = 2222;

export interface Guest {
  /** Where its SSH server and its pages are, as on a machine of its own. */
  readonly address: string;
  /** Its address in the network of the guests. */
  readonly advertise: string;
}

export interface Guests {
  /** With ssh_config, whose settings let everyone in. */
  readonly folder: string;
  readonly all: readonly Guest[];
}

/** Boots the machines, works with them once SSH answers on all, and removes them. */
export async function withGuests<T>(work: (guests: Guests) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-bench-'));
  const cli = new Cli(folder);
  const servers: Server[] = [];
  return cleaningUp(
    async () => work({ folder, all: await bootGuests(cli, servers) }),
    async () => {
      for (const server of servers) server.close();
      const { status, stderr } = await cli.run(['down', '-f', 'machines.yaml', '--yes']);
      if (status !== 0) throw new Error(`the guests were not removed:\n${stderr}`);
      await removeOwn(folder);
    },
  );
}

/** Boots the machines, and gives each an address of this computer's loopback. */
async function bootGuests(cli: Cli, servers: Server[]): Promise<readonly Guest[]> {
  const { folder } = cli;
  writeFileSync(join(folder, 'machines.yaml'), MACHINES);
  const { document } = await cli.json<UpDocument>('up', '-f', 'machines.yaml', '--yes', '--only', 'provision');
  if (!document.ok) throw new Error(JSON.stringify(document.units.flatMap(({ error }) => error ?? [])));
  const { nodes } = (await cli.json<StatusDocument>('status', '-f', 'machines.yaml')).document;
  const all: Guest[] = [];
  for (const [i, node] of nodes.entries()) {
    const address = `127.0.77.${i + 1}`;
    const forwards = forwardsOf(folder, node.name);
    servers.push(await forward(address, SSH_PORT, forwards['22']), await forward(address, 80, forwards['80']));
    all.push({ address, advertise: node.address ?? '' });
  }
  writeFileSync(join(folder, 'ssh_config'), sshConfig(nodes[0]?.ssh.identityFile ?? '', folder));
  return all;
}

function forwardsOf(folder: string, node: string): Readonly<Record<string, number>> {
  const file = join(folder, '.swarmup/bench-machines/machines', node, 'machine.json');
  const { forwards }: { forwards: Record<string, number> } = JSON.parse(readFileSync(file, 'utf8'));
  return forwards;
}

/** QEMU listens on one address only: this gives every guest its own, with the usual ports. */
function forward(host: string, port: number, to = 0): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    // Either end may vanish at any time; the other one is then closed.
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(server));
  });
}

function sshConfig(identityFile: string, folder: string): string {
  return `Host *
  User root
  Port ${SSH_PORT}
  IdentityFile ${identityFile}
  IdentitiesOnly yes
  UserKnownHostsFile ${folder}/known_hosts
  StrictHostKeyChecking accept-new
  LogLevel ERROR
`;
}
