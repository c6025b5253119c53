import { constraints, env, image, ports, REPLICAS } from './basics.ts';
import { credentialSpec, grants, networks } from './attachments.ts';
import { CONTAINER, endpointMode } from './container.ts';
import { asObject, asValue, keys, plain, words, type Field } from './field.ts';
import { mounts } from './mounts.ts';
import { healthcheck, limits, policy, preferences, reservations, restart, UPDATE_DEFAULTS } from './policies.ts';

/** Every key of a service but its name, mode and labels. Source: the Engine API, ServiceSpec. */
export const FIELDS: readonly Field[] = [
  image,
  ...REPLICAS,
  ports,
  endpointMode,
  env,
  constraints,
  plain('command', 'Args', words),
  plain('entrypoint', 'Command', words),
  plain('user', 'User'),
  plain('groups', 'Groups', words),
  plain('workingDir', 'Dir'),
  plain('hostname', 'Hostname'),
  plain('init', 'Init'),
  plain('tty', 'TTY'),
  plain('readOnly', 'ReadOnly'),
  plain('stopSignal', 'StopSignal'),
  plain('stopGracePeriod', 'StopGracePeriod'),
  plain('containerLabels', 'Labels', keys),
  networks,
  mounts,
  grants('secret'),
  grants('config'),
  credentialSpec,
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
  ...CONTAINER,
  {
    name: 'logging',
    path: ['TaskTemplate', 'LogDriver'],
    wanted: ({ logging }) => logging && { Name: logging.driver, Options: logging.options },
    told: (value) => asValue(asObject(value)['Name']),
  },
];
