import { z } from 'zod';
import { config, overlay, secret } from './object-schema.ts';
import { packageVersion, proxyAddress, proxyException, sshHost, sshJumps, sshUser, webAddress } from './grammar.ts';
import { name } from './names.ts';
import { httpCheck, service } from './service-schema.ts';
import { duration } from './units.ts';

/** The shape of a cluster file as it is written, before defaults and names are settled. One source for the checks, the
 * JSON schema that editors use (config/swarmup.schema.json) and the reference (docs/reference/cluster-file.md). */

const availability = z.enum(['active', 'pause', 'drain']);

/** The keys of nodes whose machines exist already. */
export const HOST_KEYS = ['address', 'port', 'user', 'identityFile', 'bastion', 'advertise', 'sudoPassword'] as const;

const ofHosts = 'Hosts only';

const node = z.strictObject({
  name: name().describe("The machine's host name and the swarm node's name."),
  role: z.enum(['manager', 'worker']).describe('manager or worker.'),
  labels: z.record(z.string(), z.string()).default({}).describe('Node labels, as `docker node update --label-add`.'),
  availability: availability
    .default('active')
    .describe('active, pause or drain, as `docker node update --availability`.'),
  provider: name().optional().describe('The name of its provider, where the file has several under providers.'),
  address: sshHost().optional().describe(`${ofHosts}: its host name, its address, or a Host alias of ~/.ssh/config.`),
  port: z.int().min(1).max(65535).optional().describe(`${ofHosts}: the port of its SSH server.`),
  user: sshUser().optional().describe(`${ofHosts}: whom to log in as.`),
  identityFile: z.string().min(1).optional().describe(`${ofHosts}: a private key, relative to the cluster file.`),
  bastion: sshJumps().optional().describe(`${ofHosts}: as provider.bastion, for this node.`),
  advertise: z
    .ipv4()
    .optional()
    .describe(`${ofHosts}: the IPv4 address the other nodes reach it by; default: that of address.`),
  sudoPassword: z.string().min(1).optional().describe(`${ofHosts}: as provider.sudoPassword, for this node.`),
});

const counts = z.strictObject({
  managers: z
    .int()
    .min(1)
    .max(7)
    .default(1)
    .describe('How many managers: manager1, manager2, ... An odd number, at most 7.'),
  workers: z.int().min(0).max(1000).default(0).describe('How many workers: worker1, worker2, ...'),
});

const whenUnreachable = 'What to do when the registry cannot be reached and an image is not on the nodes';

const stack = z
  .strictObject({
    file: z.string().min(1).describe('The Compose file, relative to the cluster file.'),
    verify: httpCheck.optional(),
    whenUnreachable: z
      .enum(['fail', 'skip'])
      .default('fail')
      .describe(`${whenUnreachable}: fail, or skip this stack and say so.`),
  })
  .describe('A stack, as `docker stack deploy -c FILE NAME`.');

const section = z.looseObject({
  type: z
    .string()
    .min(1)
    .describe('qemu, virtualbox, aws or hosts; or a package or the path of a module (docs/providers.md).'),
});

export const clusterFile = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON schema of this file, for editors.'),
    name: name().describe("The cluster's name. Machines and services made by swarmup carry it."),
    provider: section.optional().describe('Where the machines come from.'),
    providers: z
      .record(name(), section)
      .optional()
      .describe('Several providers by names of your own, instead of provider; every node then names its own.'),
    nodes: z
      .union([counts, z.array(node).min(1)])
      .default({ managers: 1, workers: 0 })
      .describe('How many nodes of each role, or a list of nodes.'),
    docker: z
      .strictObject({
        source: z
          .enum(['auto', 'distro', 'official', 'preinstalled'])
          .default('auto')
          .describe(
            "Where Docker comes from: the distribution's package, Docker's own repository, or already on the machine; " +
              'auto takes what is there, else the distribution.',
          ),
        version: packageVersion().optional().describe('Pins the version of the package, such as 26.1.5 or 26.1.*.'),
        repository: webAddress()
          .optional()
          .describe("The address of Docker's package repository, for source: official."),
        repositoryKey: z
          .string()
          .regex(/^[0-9A-Fa-f ]{40,60}$/, { error: 'expected a fingerprint: 40 hexadecimal digits' })
          .optional()
          .describe("The fingerprint of the key it is signed with; default: those of Docker's own keys."),
        proxy: proxyAddress()
          .optional()
          .describe('The proxy by which engines and package managers reach the outside, such as http://proxy:3128.'),
        noProxy: z
          .array(proxyException())
          .default([])
          .describe('What is reached without it, besides the nodes and private networks: hosts, .domains, networks.'),
        daemon: z.record(z.string(), z.unknown()).default({}).describe('Keys merged into /etc/docker/daemon.json.'),
      })
      .prefault({})
      .describe('The Docker Engine on the nodes.'),
    swarm: z
      .strictObject({
        addressPool: z
          .array(z.cidrv4())
          .default([])
          .describe('Networks that overlay networks are taken from, such as [10.200.0.0/16]; default: 10.0.0.0/8.'),
        subnetSize: z.int().min(16).max(29).default(24).describe('The size of each overlay network, in bits.'),
        dataPathPort: z.int().min(1024).max(49151).default(4789).describe('The UDP port of overlay networks (VXLAN).'),
        autolock: z
          .boolean()
          .optional()
          .describe('Whether managers that restart are locked until they get a key, which is kept in .swarmup/NAME.'),
        heartbeat: duration()
          .optional()
          .describe(
            "How often nodes report (the engine's default: 5s). One that misses three is down: longer for slow machines.",
          ),
        certificateExpiry: duration()
          .optional()
          .describe("How long nodes' certificates last (the engine's default: 2160h, 90 days); at least 1h."),
        taskHistory: z
          .int()
          .min(0)
          .optional()
          .describe("How many old tasks of each slot are kept to look at (the engine's default: 5)."),
        rotateTokens: z.boolean().default(false).describe('Whether join tokens are made anew after nodes have joined.'),
      })
      .prefault({})
      .describe('The swarm itself. Addresses and ports are settled once, when it is made.'),
    images: z
      .strictObject({
        load: z
          .array(z.string())
          .default([])
          .describe(
            'Image archives (docker save, .tar or .tar.gz) to load on every node, relative to the cluster file.',
          ),
        early: z
          .boolean()
          .default(true)
          .describe(
            'Whether every node has the images before a task needs them; else each is fetched where a task starts.',
          ),
        whenUnreachable: z
          .enum(['fail', 'build'])
          .default('fail')
          .describe(`${whenUnreachable}: fail, or build it here from Debian packages (nginx only).`),
        registryAuth: z
          .boolean()
          .default(false)
          .describe(
            'Whether nodes get the credentials that Docker has on this computer for the registries of images, as --with-registry-auth.',
          ),
      })
      .prefault({})
      .describe('How images reach the nodes.'),
    services: z.record(name(), service).default({}).describe('Services by name.'),
    networks: z.record(name(), overlay).default({}).describe('Networks of the services, by name.'),
    secrets: z.record(name(), secret).default({}).describe('Secrets of the services, by name.'),
    configs: z.record(name(), config).default({}).describe('Configs of the services, by name.'),
    stacks: z.record(name(), stack).default({}).describe('Stacks by name.'),
    taskfile: z
      .string()
      .optional()
      .describe('A TypeScript file with tasks and pipelines of your own, relative to the cluster file.'),
    runs: z
      .strictObject({
        keep: z
          .int()
          .min(1)
          .max(10000)
          .default(20)
          .describe('How many records of runs to keep; older ones are removed.'),
      })
      .prefault({})
      .describe('The records of runs, in .swarmup/NAME/runs.'),
    portainer: z
      .strictObject({
        adminPassword: z
          .string()
          .min(12, { error: 'expected at least 12 characters (Portainer refuses shorter ones)' })
          .optional()
          .describe(
            "The administrator's password; default: generated once and kept with mode 0600 in the state folder.",
          ),
        stack: name().default('portainer').describe('The stack that Portainer runs in.'),
        port: z.int().min(1).max(65535).default(9000).describe("The published port of Portainer's HTTP API."),
        version: z
          .string()
          .regex(/^\w[\w.-]{0,127}$/, { error: 'expected the tag of an image, such as 2.33.6' })
          .optional()
          .describe('The version of its images, of the server and the agents; default: as the Compose file has them.'),
        node: name().optional().describe('The node that it runs on with its data; default: where it began.'),
      })
      .optional()
      .describe("Portainer's first set-up: administrator, environment, agents."),
  })
  .describe('A swarmup cluster file.');

export type ClusterFile = z.output<typeof clusterFile>;
