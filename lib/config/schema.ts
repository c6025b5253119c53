import { z } from 'zod';
import { dependsOn } from './dependency-schema.ts';
import { network } from './network-schema.ts';
import { config, secret } from './object-schema.ts';
import { packageVersion, proxyAddress, proxyException, sshHost, sshJumps, sshUser, webAddress } from './grammar.ts';
import { name, objectName, serviceName, stackName } from './names.ts';
import { httpChecks } from './http-check-schema.ts';
import { texts } from './service/entries.ts';
import { service } from './service-schema.ts';
import { addressOrInterface, swarmInit } from './swarm-schema.ts';
import { duration } from './units.ts';

/**
 * The shape of a cluster file as written, before defaults are applied and names resolved. One source for the checks,
 * the JSON schema that editors use (config/swarmup.schema.json) and the reference (docs/reference/cluster-file.md).
 */

const availability = z.enum(['active', 'pause', 'drain']);

/** The keys of nodes on existing machines. */
export const HOST_KEYS = ['address', 'port', 'user', 'identityFile', 'bastion', 'advertise', 'sudoPassword'] as const;

const ofHosts = 'Hosts only';

const node = z.strictObject({
  name: name().describe("The machine's host name and the swarm node's name."),
  role: z.enum(['manager', 'worker']).describe('manager or worker.'),
  labels: texts().default({}).describe('Node labels, as `docker node update --label-add`.'),
  availability: availability
    .default('active')
    .describe('active, pause or drain, as `docker node update --availability`.'),
  provider: name().optional().describe('The name of its provider, if the file has several under providers.'),
  dataPathAddress: addressOrInterface().optional().describe('Like swarm.dataPathAddress, for this node only.'),
  address: sshHost().optional().describe(`${ofHosts}: its host name, its address, or a Host alias of ~/.ssh/config.`),
  port: z.int().min(1).max(65535).optional().describe(`${ofHosts}: the port of its SSH server.`),
  user: sshUser().optional().describe(`${ofHosts}: the login user.`),
  identityFile: z.string().min(1).optional().describe(`${ofHosts}: a private key, relative to the cluster file.`),
  bastion: sshJumps().optional().describe(`${ofHosts}: like provider.bastion, for this node only.`),
  advertise: z
    .ipv4()
    .optional()
    .describe(`${ofHosts}: the IPv4 address at which the other nodes reach it; default: that of address.`),
  sudoPassword: z.string().min(1).optional().describe(`${ofHosts}: like provider.sudoPassword, for this node only.`),
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

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const drift = z.enum(['fix', 'ignore']);

const stack = z
  .strictObject({
    file: oneOrMore.describe(
      'The Compose file, relative to the cluster file; or several, which Docker merges in this order.',
    ),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected a name such as TAG' }),
        z.union([z.string(), z.number(), z.boolean()]).transform(String),
      )
      .optional()
      .describe("Variables of the Compose files. Those of swarmup's own environment come first."),
    envFile: oneOrMore
      .optional()
      .describe('A file, or several, with more variables: NAME=VALUE on every line, relative to the cluster file.'),
    verify: httpChecks.optional(),
    resolveImage: z
      .enum(['always', 'changed', 'never'])
      .default('always')
      .describe('When a deployment looks up the digests of images, as --resolve-image.'),
    drift: z
      .union([drift, z.record(z.string(), drift)])
      .default('fix')
      .describe(
        'What happens to services that somebody scaled or edited: fix, or ignore until the next deployment, which keeps ' +
          'their number of tasks; or a map of services of the Compose file to either.',
      ),
    whenUnreachable: z
      .enum(['fail', 'skip'])
      .default('fail')
      .describe(`${whenUnreachable}: fail, or skip this stack and report it.`),
    dependsOn: dependsOn.optional(),
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
      .describe('Several providers instead of provider, under names you choose; every node then names its provider.'),
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
            "Where Docker comes from: the distribution's package, Docker's own repository, or an existing installation; " +
              "auto uses an existing installation, else the distribution's package.",
          ),
        version: packageVersion().optional().describe('Pins the version of the package, such as 26.1.5 or 26.1.*.'),
        repository: webAddress()
          .optional()
          .describe("The address of Docker's package repository, for source: official."),
        repositoryKey: z
          .string()
          .regex(/^[0-9A-Fa-f ]{40,60}$/, { error: 'expected a fingerprint: 40 hexadecimal digits' })
          .optional()
          .describe("The fingerprint of its signing key; default: those of Docker's own keys."),
        proxy: proxyAddress()
          .optional()
          .describe(
            'The proxy through which engines and package managers reach the internet, such as http://proxy:3128.',
          ),
        noProxy: z
          .array(proxyException())
          .default([])
          .describe('Hosts, .domains and networks reached without the proxy, besides the nodes and private networks.'),
        daemon: z.record(z.string(), z.unknown()).default({}).describe('Keys merged into /etc/docker/daemon.json.'),
      })
      .prefault({})
      .describe('The Docker Engine on the nodes.'),
    swarm: z
      .strictObject({
        addressPool: z
          .array(z.cidrv4())
          .default([])
          .describe(
            'Address pools of overlay networks, such as [10.200.0.0/16]; default: 10.0.0.0/8, or a private network that no node has a route to.',
          ),
        subnetSize: z.int().min(16).max(29).default(24).describe('The prefix length of each overlay network.'),
        dataPathPort: z.int().min(1024).max(49151).default(4789).describe('The UDP port of overlay networks (VXLAN).'),
        autolock: z
          .boolean()
          .optional()
          .describe(
            'Whether managers stay locked after a restart until they get a key, which is kept in .swarmup/NAME.',
          ),
        heartbeat: duration()
          .optional()
          .describe(
            "How often nodes report (the engine's default: 5s). A node that misses three is down; choose a longer time for slow machines.",
          ),
        certificateExpiry: duration()
          .optional()
          .describe("How long nodes' certificates last (the engine's default: 2160h, 90 days); at least 1h."),
        taskHistory: z
          .int()
          .min(-1)
          .optional()
          .describe("How many old tasks of each slot are kept for inspection; -1 for all (the engine's default: 5)."),
        ...swarmInit,
        rotateTokens: z.boolean().default(false).describe('Whether join tokens are rotated after nodes have joined.'),
      })
      .prefault({})
      .describe('The swarm itself. Addresses and ports are fixed when it is created.'),
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
            'Whether every node gets the images before a task needs them; otherwise a node pulls an image when a task starts there.',
          ),
        whenUnreachable: z
          .enum(['fail', 'build'])
          .default('fail')
          .describe(`${whenUnreachable}: fail, or build it on this computer from Debian packages (nginx only).`),
        registryAuth: z
          .boolean()
          .default(false)
          .describe(
            "Whether nodes get this computer's Docker credentials for the images' registries, as with --with-registry-auth.",
          ),
      })
      .prefault({})
      .describe('How images reach the nodes.'),
    services: z.record(serviceName(), service).default({}).describe('Services by name.'),
    networks: z.record(serviceName(), network).default({}).describe('Networks of the services, by name.'),
    secrets: z.record(objectName(), secret).default({}).describe('Secrets of the services, by name.'),
    configs: z.record(objectName(), config).default({}).describe('Configs of the services, by name.'),
    stacks: z.record(stackName(), stack).default({}).describe('Stacks by name.'),
    taskfile: z
      .string()
      .optional()
      .describe('A TypeScript file with tasks and pipelines of your own, relative to the cluster file.'),
    protect: z
      .boolean()
      .default(false)
      .describe('Refuses `down`, `replace` and `up --prune` until it is taken out of the file.'),
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
        stack: stackName().default('portainer').describe('The stack that Portainer runs in.'),
        port: z.int().min(1).max(65535).default(9000).describe("The published port of Portainer's HTTP API."),
        version: z
          .string()
          .regex(/^\w[\w.-]{0,127}$/, { error: 'expected the tag of an image, such as 2.33.6' })
          .optional()
          .describe('The version of its images, both server and agent; default: the one in the Compose file.'),
        node: name().optional().describe('The node it runs on with its data; default: where it started first.'),
      })
      .optional()
      .describe("Portainer's first set-up: administrator, environment, agents."),
  })
  .describe('A swarmup cluster file.');

export type ClusterFile = z.output<typeof clusterFile>;
