import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCluster as load, parseCluster, type LoadOptions } from '../../lib/config/load.ts';
import type { Cluster } from '../../lib/config/model.ts';
import { providerRegistry } from '../../lib/providers/index.ts';

/** A stack with an agent on every node, a server, and a secret from outside. */
export const STACK =
  'version: "3.8"\nservices:\n  agent:\n    image: portainer/agent:lts\n    deploy: { mode: global }\n  portainer:\n    image: portainer/portainer-ce:lts\n    ports: ["9000:9000"]\n    secrets: [portainer_admin_password]\nsecrets:\n  portainer_admin_password: { external: true }\n';

/** A cluster from a text, with its files in their own folder. */
export async function clusterOf(text: string, env: Record<string, string> = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-test-'));
  writeFileSync(join(folder, 'portainer.yml'), STACK);
  return parseCluster(text, {
    file: join(folder, 'swarmup.yaml'),
    shown: 'swarmup.yaml',
    stateRoot: join(folder, '.swarmup'),
    env,
    providers: providerRegistry,
  });
}

/** Reads a cluster file as the program does: with the registered providers. */
export function loadCluster(options: Omit<LoadOptions, 'providers'>): Promise<Cluster> {
  return load({ ...options, providers: providerRegistry });
}

/** A cluster file with every feature, for a number of nodes. */
export function fullText(managers: number, workers: number, extra = ''): string {
  return `name: test
provider: { type: qemu }
nodes: { managers: ${managers}, workers: ${workers} }
swarm: { autolock: true, rotateTokens: true }
networks: { backend: {} }
secrets: { key: { value: of-the-house } }
configs: { greeting: { value: Hello } }
services:
  web: { image: nginx, replicas: 3, ports: ['80:80'], verify: { body: Welcome }, networks: [backend], secrets: [key], configs: [greeting] }
stacks:
  portainer: { file: portainer.yml, verify: { port: 9000, path: /api/status } }
portainer: {}
${extra}`;
}

/** The images of the full cluster, as a registry would have them. */
export const IMAGES = new Set(['nginx:latest', 'portainer/agent:lts', 'portainer/portainer-ce:lts']);
