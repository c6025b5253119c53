import { z } from 'zod';
import { imageReference } from './grammar.ts';
import { bytes, duration } from './units.ts';

/** The shape of a service in a cluster file. Keys are Compose's, in camel case; their meaning is the Engine API's. */

const PORT = /^(\d{1,5}):(\d{1,5})(\/(tcp|udp))?$/;
const MOUNT = /^([^:]+):(\/[^:]*)(:ro)?$/;

const portNumber = () => z.int().min(1).max(65535);
const words = () => z.array(z.string());

const port = z
  .union([
    z
      .string()
      .regex(PORT, { error: "expected PUBLISHED:TARGET or PUBLISHED:TARGET/udp in quotes, such as '80:80'" })
      .refine((text) => text.split(/[:/]/, 2).every((part) => Number(part) >= 1 && Number(part) <= 65535), {
        error: 'expected port numbers from 1 to 65535',
      })
      .transform((text) => {
        const [, published, target, , protocol = 'tcp'] = PORT.exec(text) ?? [];
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
        const known = protocol as 'tcp' | 'udp';
        return { published: Number(published), target: Number(target), protocol: known, mode: 'ingress' as const };
      }),
    z.strictObject({
      published: portNumber(),
      target: portNumber(),
      protocol: z.enum(['tcp', 'udp']).default('tcp'),
      mode: z
        .enum(['ingress', 'host'])
        .default('ingress')
        .describe('host: only on nodes with a task, bypassing the routing mesh.'),
    }),
  ])
  .describe("A published port, '80:80' or '53:53/udp'; or its parts, with mode: host to bypass the routing mesh.");

const mount = z
  .union([
    z
      .string()
      .regex(MOUNT, { error: "expected SOURCE:TARGET or SOURCE:TARGET:ro, such as 'data:/var/lib/data'" })
      .transform((text) => {
        const [, source = '', target = '', readOnly] = MOUNT.exec(text) ?? [];
        const type = source.startsWith('/') ? ('bind' as const) : ('volume' as const);
        return { type, source, target, readOnly: readOnly !== undefined };
      }),
    z.strictObject({
      type: z.enum(['volume', 'bind', 'tmpfs']),
      source: z.string().optional().describe('A volume, or a path on the nodes.'),
      target: z.string().startsWith('/'),
      readOnly: z.boolean().default(false),
      driver: z.string().optional().describe('Volumes: the volume driver.'),
      options: z.record(z.string(), z.string()).optional().describe("Volumes: the driver's options."),
      propagation: z.enum(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']).optional(),
      size: bytes().optional().describe('tmpfs: its size.'),
    }),
  ])
  .describe("A volume ('data:/data'), a path on the nodes ('/srv/www:/www:ro'), or its parts; tmpfs too.");

const grant = (folder: string) =>
  z.union([
    z.string().min(1),
    z.strictObject({
      source: z.string().min(1).describe('Its name in this file.'),
      target: z.string().min(1).optional().describe(`The file's name, or path; default: its name, in ${folder}.`),
      uid: z.string().default('0'),
      gid: z.string().default('0'),
      mode: z.int().min(0).max(0o7777).default(0o444).describe('Such as 0o440.'),
    }),
  ]);

const network = z.union([
  z.string().min(1),
  z.strictObject({ name: z.string().min(1), aliases: z.array(z.string()).default([]) }),
]);

const policy = <F extends z.ZodType>(onFailure: F) =>
  z.strictObject({
    parallelism: z.int().min(0).default(1).describe('How many tasks are replaced at once; 0 for all.'),
    delay: duration().default(0).describe('The delay between batches; default: none.'),
    monitor: duration().default(5e9).describe('How long a new task is watched for a failure; default: 5s.'),
    maxFailureRatio: z.number().min(0).max(1).default(0).describe('The fraction of tasks that may fail.'),
    order: z
      .enum(['stop-first', 'start-first'])
      .default('stop-first')
      .describe('start-first: a new task runs before the old one is stopped.'),
    onFailure,
  });

/** An HTTP check of a service or a stack. */
export const httpCheck = z
  .strictObject({
    port: portNumber().optional().describe('The published port to ask; default: the first published TCP port.'),
    path: z.string().startsWith('/').default('/').describe('The path to ask for.'),
    status: z.int().min(100).max(599).default(200).describe('The HTTP status every answer must have.'),
    body: z.string().optional().describe('A text every answer must contain.'),
  })
  .describe('An HTTP check, asked several times a replica through every node.');

export const service = z
  .strictObject({
    image: imageReference().describe('The image, such as nginx or nginx:1.27.'),
    mode: z.enum(['replicated', 'global']).default('replicated').describe('global: one task on every node that fits.'),
    replicas: z.int().min(0).max(10000).optional().describe('How many tasks to run; default: 1.'),
    maxReplicasPerNode: z.int().min(1).optional().describe('The maximum number of tasks per node.'),
    command: words().optional().describe("The container's command, in place of the image's CMD."),
    entrypoint: words().optional().describe("In place of the image's ENTRYPOINT."),
    env: z.record(z.string(), z.string()).default({}).describe('Environment variables of the containers.'),
    user: z.string().optional().describe('The user, or user:group, inside the containers.'),
    workingDir: z.string().startsWith('/').optional().describe('The working directory in the container.'),
    hostname: z.string().optional().describe("The containers' host name; templates such as {{.Node.Hostname}} work."),
    init: z.boolean().optional().describe('Whether an init process runs as PID 1 and reaps zombie processes.'),
    readOnly: z.boolean().optional().describe("Whether the container's root filesystem is read-only."),
    stopSignal: z.string().optional().describe('Such as SIGQUIT.'),
    stopGracePeriod: duration()
      .optional()
      .describe('How long a task may take to stop before it is killed; default: 10s.'),
    labels: z
      .record(z.string(), z.string())
      .optional()
      .describe('Labels of the service; labels set by others are kept.'),
    containerLabels: z.record(z.string(), z.string()).optional().describe('Labels of the containers.'),
    ports: z.array(port).default([]).describe("Published ports, such as ['80:80']."),
    networks: z.array(network).optional().describe('Networks of this file, by name, or { name, aliases }.'),
    mounts: z.array(mount).optional().describe('Volumes, paths on the nodes, and tmpfs.'),
    secrets: z
      .array(grant('/run/secrets'))
      .optional()
      .describe('Secrets of this file, by name, or { source, target, uid, gid, mode }.'),
    configs: z
      .array(grant('/'))
      .optional()
      .describe('Configs of this file, by name, or { source, target, uid, gid, mode }.'),
    constraints: z.array(z.string()).default([]).describe('Placement constraints, such as node.role==worker.'),
    preferences: z
      .array(z.string().min(1))
      .optional()
      .describe('What tasks are spread over, such as node.labels.zone.'),
    limits: z
      .strictObject({
        cpus: z.number().min(0).optional().describe('Processors, such as 0.5.'),
        memory: bytes().optional().describe('Such as 64MiB.'),
        pids: z.int().min(0).optional().describe('Processes and threads; 0 for any number.'),
      })
      .optional()
      .describe('The most a task may use.'),
    reservations: z
      .strictObject({
        cpus: z.number().min(0).optional().describe('Processors, such as 0.5.'),
        memory: bytes().optional().describe('Such as 64MiB.'),
      })
      .optional()
      .describe('What a node must have free for a task.'),
    restart: z
      .strictObject({
        condition: z
          .enum(['none', 'on-failure', 'any'])
          .default('any')
          .describe('After which exits a task is restarted.'),
        delay: duration().default(5e9).describe('The delay before a restart; default: 5s.'),
        maxAttempts: z.int().min(0).default(0).describe('How many restarts at most; 0 for no limit.'),
        window: duration()
          .default(0)
          .describe('The time window in which attempts are counted, such as 10m; default: no limit.'),
      })
      .optional()
      .describe('When tasks that ended are restarted.'),
    update: policy(z.enum(['rollback', 'pause', 'continue']).default('rollback'))
      .optional()
      .describe('How updates roll out; default: one task at a time, with a roll-back when one fails.'),
    rollback: policy(z.enum(['pause', 'continue']).default('pause'))
      .optional()
      .describe('How roll-backs roll out.'),
    healthcheck: z
      .union([
        z.literal('none'),
        z.strictObject({
          test: z
            .union([z.string().min(1), z.array(z.string()).min(1)])
            .describe('A shell command, or a command as a list of words.'),
          interval: duration().default(30e9).describe('The time between two checks; default: 30s.'),
          timeout: duration().default(30e9).describe('How long one may take; default: 30s.'),
          startPeriod: duration().default(0).describe('How long failures are ignored after a start; default: 0s.'),
          retries: z
            .int()
            .min(1)
            .default(3)
            .describe('The number of consecutive failures after which a task counts as unhealthy.'),
        }),
      ])
      .optional()
      .describe("How a task's health is checked; none disables the image's own check."),
    capAdd: words().optional().describe('Kernel capabilities to add, such as NET_ADMIN.'),
    capDrop: words().optional().describe('Kernel capabilities to drop, such as NET_RAW.'),
    sysctls: z.record(z.string(), z.string()).optional().describe('Kernel settings of the containers, by name.'),
    ulimits: z
      .record(
        z.string(),
        z.strictObject({
          soft: z.int().describe('The soft limit.'),
          hard: z.int().describe('The hard limit.'),
        }),
      )
      .optional()
      .describe('Limits by name, such as nofile.'),
    dns: z.array(z.ipv4()).optional().describe('DNS servers of the containers.'),
    extraHosts: z.record(z.string(), z.ipv4()).optional().describe('Additional names and addresses in /etc/hosts.'),
    logging: z
      .strictObject({
        driver: z.string().min(1).describe('Such as json-file or journald.'),
        options: z.record(z.string(), z.string()).default({}).describe("The driver's options."),
      })
      .optional()
      .describe('Where the output goes.'),
    verify: httpCheck.optional(),
  })
  .refine((one) => one.mode === 'replicated' || one.replicas === undefined, {
    path: ['replicas'],
    error: 'expected no replicas with mode: global, which runs one task on every node that fits',
  })
  .describe('A service, as `docker service create`.');

export type ServiceFile = z.output<typeof service>;
