import { below, type Refusal } from './refusal.ts';
import { onNode } from '../../util/shell-quote.ts';

/**
 * What managers refuse, of swarmup's requests and of docker's. Sources: swarmkit, manager/controlapi (service.go, network.go, secret.go,
 * config.go, common.go) and manager/state/store; moby, daemon/cluster/networks.go and libnetwork/error.go.
 */
export const ENGINE_WORDS: readonly Refusal[] = [
  {
    words: /port '(\d+)' is already in use by service '([^']+)' \(\w+\) as (?:an (ingress)|a host-published) port/,
    cause: (_, [, port, service, ingress]) =>
      `port ${port} belongs to the service ${service}${ingress === undefined ? ', on the hosts that it runs on' : ''}`,
    fix: ({ manager }, [, , service = '']) =>
      `Publish another port; or, if that service is no longer needed: ${onNode(manager, 'sudo', 'docker', 'service', 'rm', service)}`,
    at: below('ports'),
  },
  {
    words: /only updates to Labels are allowed/,
    cause: ({ kind }) => `its content is another one now, and Swarm never changes the content of a ${kind}`,
    fix: ({ kind, key, name }) =>
      `Give it a new name with each content, below ${kind}s.${key}: name: ${name}_2 (services still call it ${key}). Or move it to ${kind}s of the cluster file, where names depend on the content, and declare it external here.`,
  },
  {
    words: /network (\S+) not found/,
    cause: (_, [, network]) => `the network ${network} has been removed, and this manager still knows it`,
    fix: () => 'Run again: the manager forgets it once its last tasks have stopped.',
    isOfSwarm: true,
    transient: true,
  },
  {
    words: /network with name (\S+) already exists/,
    cause: ({ stack }, [, network]) =>
      `there is a network ${network} already${stack === undefined ? '' : ', which is not of this stack'}`,
    fix: ({ manager, key }, [, network = '']) =>
      `To use it, declare it external, with name: ${network}. Otherwise give ${key} another name, or remove that one: ${onNode(manager, 'sudo', 'docker', 'network', 'rm', network)}`,
  },
  {
    words: /name conflicts with an existing object|(?:service|secret|config) \S+ already exists/,
    cause: ({ kind, name, stack }) =>
      `there is a ${kind} ${name} already${stack === undefined ? '' : ', which is not of this stack'}`,
    fix: ({ manager, kind, name, key }) =>
      `Give ${key} another name; or, if that one is no longer needed: ${onNode(manager, 'sudo', 'docker', kind, 'rm', name)}`,
    // Swarm may have created it, and answered too late.
    transient: true,
  },
  {
    words: /\b(secret|config)s? not found: ([^\n]+)/,
    cause: (_, [, kind, names]) => `the swarm has no ${kind} ${names}`,
    fix: ({ manager }, [, kind = 'secret', names = '']) =>
      `Create it: printf VALUE | ${onNode(manager, 'sudo', 'docker', kind, 'create', names.split(',')[0] ?? '', '-')}; or add it to ${kind}s of the cluster file.`,
  },
  {
    words: /service mode change is not allowed/,
    cause: () => "Swarm can't change a service's mode",
    fix: ({ manager, name }) =>
      `Remove it, and run again: ${onNode(manager, 'sudo', 'docker', 'service', 'rm', name)}. Or give it another name.`,
    at: { stack: ['deploy', 'mode'], cluster: ['mode'] },
  },
  {
    words: /invalid (cpu|memory) value (\S+?): Must be at least (\S+)/,
    cause: (_, [, what, value, least]) =>
      `${what === 'cpu' ? 'its CPUs are' : 'its memory is'} ${value}, less than ${least}`,
    fix: (_, [, , , least]) => `Reserve and allow at least ${least}. Memory has units: 64M, 1G.`,
    at: { stack: ['deploy', 'resources'], cluster: [] },
  },
  {
    words: /duplicate mount point: (\S+)/,
    cause: (_, [, target]) => `two mounts have the same target, ${target}`,
    fix: () => 'Remove one of them.',
    at: { stack: ['volumes'], cluster: ['mounts'] },
  },
  {
    words: /ingress mode can't be used with dnsrr mode/,
    cause: () => "a service without a virtual address (dnsrr) can't publish ports on every node",
    fix: () => 'Publish its ports with mode: host, or remove the endpoint mode.',
    at: { stack: ['deploy', 'endpoint_mode'], cluster: ['endpointMode'] },
  },
  {
    words: /duplicate published ports provided/,
    cause: () => 'it publishes a port twice',
    fix: () => 'Remove one of them.',
    at: below('ports'),
  },
  {
    words: /(?:secret|config) references '([^']*)' and '([^']*)' have a conflicting target: '([^']*)'/,
    cause: (_, [, one, other, target]) => `${one} and ${other} have the same target, ${target}`,
    fix: () => 'Give one of them another target.',
  },
  {
    words: /(Interval|Timeout|StartPeriod|StartInterval|Retries) in HealthConfig cannot be ([^\n]+)/,
    cause: (_, [, key, limit]) => `${key} of its health check is ${limit}`,
    fix: () => 'Times of health checks are at least 1ms, or 0 for the default.',
    at: below('healthcheck'),
  },
  {
    words: /name must be valid as a DNS name component|name must be 63 characters or fewer/,
    cause: ({ name }) => `${name} can't be a name in the swarm`,
    fix: () => 'Names have letters, digits, hyphens and underscores, and at most 63 characters with that of the stack.',
  },
  {
    words: /(?:secret|config) data must be larger than 0 and less than (\d+) bytes/,
    cause: (_, [, bytes]) => `its content is empty, or has ${bytes} bytes or more`,
    fix: ({ kind }) => `Give the ${kind} another content; put larger files into an image or a volume.`,
  },
  {
    words: /The network (\S+) cannot be used with services/,
    cause: (_, [, network]) => `the network ${network} is only on one node, and services need one of the swarm`,
    fix: ({ manager }, [, network = '']) =>
      `Add it to networks of the cluster file, once the local one is removed: ${onNode(manager, 'sudo', 'docker', 'network', 'rm', network)}`,
    at: below('networks'),
  },
  {
    words: /cannot be explicitly attached to the ingress network/,
    cause: () => "a service can't use the ingress network itself: published ports do",
    fix: () => 'Remove it from the networks of the service.',
    at: below('networks'),
  },
  {
    words: /no ingress network is present/,
    cause: () => 'the swarm has no ingress network, which published ports need',
    fix: ({ manager }) =>
      `Create it: ${onNode(manager, 'sudo', 'docker', 'network', 'create', '--driver', 'overlay', '--ingress', 'ingress')}; or publish ports with mode: host.`,
    isOfSwarm: true,
  },
  {
    words: /ipam configuration: ([^\n]+)|invalid (?:pool request|subnet)[^\n]*|Pool overlaps[^\n]*/i,
    cause: (_, [all, detail = all]) => `its addresses can't be used: ${detail}`,
    fix: () => 'Correct its subnet, gateway and range; networks of one swarm must not overlap.',
    at: { stack: ['ipam'], cluster: [] },
  },
  {
    words:
      /(network|secret|config) '?([^\s']+)'? (?:is in use by (?:the following )?(service|task)s?:? ([^\n]+)|has active endpoints)/,
    cause: (_, [, kind, name, user, users]) =>
      `the ${kind} ${name} is in use${users === undefined ? '' : ` by ${user} ${users.replace(/\.$/, '')}`}`,
    fix: ({ manager }, [, , , user, users = '']) =>
      user === 'service' && /^[\w.-]+$/.test(users)
        ? `Remove that service first, or take it off there: ${onNode(manager, 'sudo', 'docker', 'service', 'ps', users)}`
        : 'Remove what uses it first.',
    isOfSwarm: true,
  },
  {
    words: /update out of sequence/,
    cause: () => 'something else changed it at the same time',
    fix: () => 'Run again when nothing else deploys.',
    isOfSwarm: true,
    transient: true,
  },
  {
    words: /No such service|service \S+ not found/,
    cause: () => 'something else removed it in the meantime',
    fix: () => 'Run again.',
    isOfSwarm: true,
    transient: true,
  },
];
