import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../test/support/cli.ts';
import { outputOf } from '../child.ts';
import type { Guests } from './guests.ts';

/** A way to bring up the swarm: a first run on bare machines, and any further one, which has nothing to change. */
export interface Contender {
  /** Writes its files into the guests' folder. */
  prepare(guests: Guests, image: string): void;
  /** Ends when every node has answered. */
  run(guests: Guests, image: string): Promise<unknown>;
}

export const CONTENDERS: Readonly<Record<string, Contender>> = {
  script: {
    prepare: () => undefined,
    run: ({ folder, all }, image) => {
      const nodes = all.map(({ address, advertise }) => `${address}=${advertise}`);
      return outputOf(beside('script.sh'), [image, ...nodes], { cwd: folder });
    },
  },
  ansible: {
    prepare: ({ folder, all }) => {
      const line = ({ address, advertise }: Guests['all'][number]) => `${address} private=${advertise}`;
      const [manager, ...workers] = all.map(line);
      writeFileSync(join(folder, 'inventory'), `[managers]\n${manager}\n[workers]\n${workers.join('\n')}\n`);
      // Its own tuning: fewer round trips per task.
      const ssh =
        '[ssh_connection]\npipelining = true\nssh_args = -F ssh_config -o ControlMaster=auto -o ControlPersist=300\n';
      writeFileSync(join(folder, 'ansible.cfg'), `[defaults]\ninterpreter_python = /usr/bin/python3\n${ssh}`);
      copyFileSync(beside('playbook.yml'), join(folder, 'playbook.yml'));
    },
    run: ({ folder }, image) =>
      outputOf('ansible-playbook', ['-i', 'inventory', '-e', `image=${image}`, 'playbook.yml'], { cwd: folder }),
  },
  swarmup: {
    prepare: ({ folder, all }, image) => {
      copyFileSync(image, join(folder, 'nginx.tar'));
      const nodes = all.map(({ address, advertise }, i) => {
        const role = i === 0 ? 'manager' : 'worker';
        return `  - { name: n${i + 1}, role: ${role}, address: ${address}, advertise: ${advertise} }`;
      });
      writeFileSync(join(folder, 'swarmup.yaml'), CLUSTER.replace('NODES', nodes.join('\n')));
    },
    run: ({ folder }) => outputOf(join(ROOT, 'swarmup'), ['up', '--yes', '--accept-new', '--json'], { cwd: folder }),
  },
};

const CLUSTER = `name: bench
provider: { type: hosts, sshConfig: ssh_config }
nodes:
NODES
docker: { source: distro }
images: { load: [nginx.tar] }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { path: /, status: 200, body: Welcome } }
`;

function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
