import { z } from 'zod';
import { dependsOn } from './dependency-schema.ts';
import { imageReference } from './grammar.ts';
import { httpChecks } from './http-check-schema.ts';
import { credentialSpec, grants, networks } from './service/attachments.ts';
import { command, environment, oneOrMore, text, texts } from './service/entries.ts';
import { dns, dnsSearch, extraHosts } from './service/hosts.ts';
import { mounts } from './service/mounts.ts';
import { healthcheck, restart, rollback, update } from './service/policies.ts';
import { ports } from './service/ports.ts';
import { limits, reservations, ulimits } from './service/resources.ts';
import { contradictions } from './service/rules.ts';
import { duration } from './units.ts';

/** The shape of a service in a cluster file. Keys are Compose's, in camel case; their meaning is the Engine API's. */

export const service = z
  .strictObject({
    image: imageReference().describe('The image, such as nginx or nginx:1.27.'),
    mode: z
      .enum(['replicated', 'global', 'replicated-job', 'global-job'])
      .default('replicated')
      .describe('global: one task on every node that fits. Jobs run until their tasks have completed.'),
    replicas: z.int().min(0).max(10000).optional().describe('How many tasks to run; default: 1.'),
    total: z.int().min(0).optional().describe('replicated-job: how many tasks have to complete; default: 1.'),
    concurrent: z.int().min(0).optional().describe('replicated-job: how many run at the same time; default: total.'),
    maxReplicasPerNode: z.int().min(1).optional().describe('The maximum number of tasks per node.'),
    command: command().optional().describe("The container's command, in place of the image's CMD."),
    entrypoint: command().optional().describe("In place of the image's ENTRYPOINT."),
    env: environment()
      .default({})
      .describe("Environment variables: a map, or a list of NAME=VALUE. A name alone takes swarmup's own value."),
    environment: environment().optional().describe('The same as env, by the name that it has in Compose files.'),
    envFile: oneOrMore(z.string().min(1))
      .optional()
      .describe('Files with a NAME=VALUE a line, relative to the cluster file; env overrides them.'),
    user: text().optional().describe('The user, or user:group, inside the containers.'),
    groups: z.array(text()).optional().describe('Supplementary groups of that user.'),
    workingDir: z
      .string()
      .regex(/^(\/|[A-Za-z]:)/, { error: 'expected an absolute path' })
      .optional()
      .describe('The working directory in the container.'),
    hostname: text().optional().describe("The containers' host name; templates such as {{.Node.Hostname}} work."),
    init: z.boolean().optional().describe('Whether an init process runs as PID 1 and reaps zombie processes.'),
    tty: z.boolean().optional().describe('Whether the container has a terminal.'),
    readOnly: z.boolean().optional().describe("Whether the container's root filesystem is read-only."),
    stopSignal: text().optional().describe('Such as SIGQUIT.'),
    stopGracePeriod: duration()
      .optional()
      .describe('How long a task may take to stop before it is killed; default: 10s.'),
    labels: texts().optional().describe('Labels of the service; labels set by others are kept.'),
    containerLabels: texts().optional().describe('Labels of the containers.'),
    ports: ports(),
    endpointMode: z
      .enum(['vip', 'dnsrr'])
      .optional()
      .describe('vip: one address for all tasks; dnsrr: the addresses of the tasks, in turn.'),
    networks: networks(),
    mounts: mounts(),
    secrets: grants('secret', '/run/secrets'),
    configs: grants('config', '/'),
    credentialSpec: credentialSpec(),
    constraints: z.array(z.string()).default([]).describe('Placement constraints, such as node.role==worker.'),
    preferences: z
      .array(
        z
          .string()
          .min(1)
          .transform((one) => one.replace(/^spread=/, '')),
      )
      .optional()
      .describe('What tasks are spread over, such as node.labels.zone.'),
    limits: limits(),
    reservations: reservations(),
    restart: restart(),
    update: update(),
    rollback: rollback(),
    healthcheck: healthcheck(),
    capAdd: z.array(z.string()).optional().describe('Kernel capabilities to add, such as NET_ADMIN, or ALL.'),
    capDrop: z.array(z.string()).optional().describe('Kernel capabilities to drop, such as NET_RAW, or ALL.'),
    sysctls: texts().optional().describe('Kernel settings of the containers, by name.'),
    ulimits: ulimits(),
    oomScoreAdj: z
      .int()
      .min(-1000)
      .max(1000)
      .optional()
      .describe('How readily the kernel kills it when memory runs out, from -1000 to 1000.'),
    isolation: z.enum(['default', 'process', 'hyperv']).optional().describe('Windows: how containers are isolated.'),
    dns: dns(),
    dnsSearch: dnsSearch(),
    dnsOptions: oneOrMore(text()).optional().describe('Options of the resolver, such as ndots:2.'),
    extraHosts: extraHosts(),
    logging: z
      .strictObject({
        driver: z.string().min(1).describe('Such as json-file or journald.'),
        options: texts().default({}).describe("The driver's options."),
      })
      .optional()
      .describe('Where the output goes.'),
    dependsOn: dependsOn.optional(),
    verify: httpChecks.optional(),
  })
  .superRefine(contradictions)
  .describe('A service, as `docker service create`.');

export type ServiceFile = z.output<typeof service>;
