import { constraints, env, image, ports, replicas } from './basics.ts';
import { grants, mounts, networks } from './attachments.ts';
import {
  asList,
  asObject,
  asValue,
  container,
  keys,
  listed,
  plain,
  text,
  unordered,
  words,
  type Field,
} from './field.ts';
import { healthcheck, limits, policy, preferences, reservations, restart, UPDATE_DEFAULTS } from './policies.ts';

/** Every key of a service but its name, mode and labels. Source: the Engine API, ServiceSpec. */
export const FIELDS: readonly Field[] = [
  image,
  replicas,
  ports,
  env,
  constraints,
  plain('command', 'Args', words),
  plain('entrypoint', 'Command', words),
  plain('user', 'User'),
  plain('workingDir', 'Dir'),
  plain('hostname', 'Hostname'),
  plain('init', 'Init'),
  plain('readOnly', 'ReadOnly'),
  plain('stopSignal', 'StopSignal'),
  plain('stopGracePeriod', 'StopGracePeriod'),
  plain('containerLabels', 'Labels', keys),
  networks,
  mounts,
  grants('secret'),
  grants('config'),
  preferences,
  {
    name: 'maxReplicasPerNode',
    path: ['TaskTemplate', 'Placement', 'MaxReplicas'],
    wanted: (service) => service.maxReplicasPerNode,
  },
  limits,
  reservations,
  restart,
  { name: 'update', path: ['UpdateConfig'], wanted: ({ update }) => policy(update), otherwise: UPDATE_DEFAULTS },
  { name: 'rollback', path: ['RollbackConfig'], wanted: ({ rollback }) => policy(rollback) },
  healthcheck,
  { ...plain('capAdd', 'CapabilityAdd', words), same: unordered },
  { ...plain('capDrop', 'CapabilityDrop', words), same: unordered },
  plain('sysctls', 'Sysctls'),
  {
    name: 'ulimits',
    path: container('Ulimits'),
    wanted: ({ ulimits }) =>
      ulimits && Object.entries(ulimits).map(([name, { soft, hard }]) => ({ Name: name, Soft: soft, Hard: hard })),
    same: unordered,
  },
  {
    name: 'dns',
    path: container('DNSConfig'),
    wanted: ({ dns }) => dns && { Nameservers: dns },
  },
  {
    name: 'extraHosts',
    path: container('Hosts'),
    wanted: ({ extraHosts }) => extraHosts && Object.entries(extraHosts).map(([name, address]) => `${address} ${name}`),
    same: unordered,
    // In the form of a Compose file: the API's form contains a space.
    told: (value) => listed(asList(value).map((one) => text(one).split(' ').toReversed().join(':'))),
  },
  {
    name: 'logging',
    path: ['TaskTemplate', 'LogDriver'],
    wanted: ({ logging }) => logging && { Name: logging.driver, Options: logging.options },
    told: (value) => asValue(asObject(value)['Name']),
  },
];
