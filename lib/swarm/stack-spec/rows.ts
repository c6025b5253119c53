import type { Value } from '../../contracts/change.ts';
import { isImage, withoutNote } from '../../util/image-reference.ts';
import { asList, asObject, asValue, listed, text, type Json } from '../fields/field.ts';
import { semanticEqual } from '../semantic-equal.ts';
import {
  each,
  except,
  grant,
  modeKind,
  mount,
  mountText,
  names,
  network,
  ownLabels,
  policy,
  port,
  portText,
  replicas,
  restart,
  unordered,
} from './plain.ts';

/**
 * One setting of a stack's service: its name in Compose files, and its place in the Engine API. `same` and `told` get
 * values that went through `plain`.
 */
export interface Row {
  readonly name: string;
  readonly path: readonly string[];
  readonly plain?: (value: Json) => Json;
  readonly same?: (current: Json, wanted: Json) => boolean;
  /** The printable part of a value; nothing of one that may be secret. */
  readonly told: (value: Json) => Value | undefined;
}

const hidden = () => undefined;
const container = (key: string) => ['TaskTemplate', 'ContainerSpec', key];
const task = (...keys: readonly string[]) => ['TaskTemplate', ...keys];

function shown(name: string, path: readonly string[], plain?: Row['plain']): Row {
  return { name, path, told: asValue, ...(plain ? { plain } : {}) };
}

/** Settings with keys, of which each is a change of its own. */
export const KEYED: readonly Row[] = [
  {
    name: 'environment',
    path: container('Env'),
    plain: (value) =>
      Object.fromEntries(
        asList(value).map((line) => {
          const [key = '', ...rest] = text(line).split('=');
          return [key, rest.length > 0 ? `=${rest.join('=')}` : ' '];
        }),
      ),
    told: hidden,
  },
  { name: 'labels', path: container('Labels'), plain: ownLabels, told: hidden },
  { name: 'deploy.labels', path: ['Labels'], plain: ownLabels, told: hidden },
];

/** Every other setting of a stack's service. */
export const ROWS: readonly Row[] = [
  {
    name: 'image',
    path: container('Image'),
    same: (current, wanted) => isImage(text(current), text(wanted)),
    told: (value) => withoutNote(text(value)),
  },
  shown('mode', ['Mode'], modeKind),
  { ...shown('replicas', ['Mode'], replicas), same: (current, wanted) => current === wanted },
  { name: 'command', path: container('Args'), told: hidden },
  { name: 'entrypoint', path: container('Command'), told: hidden },
  { name: 'healthcheck', path: container('Healthcheck'), told: hidden },
  shown('hostname', container('Hostname')),
  { ...shown('extra_hosts', container('Hosts')), same: unordered },
  shown('dns', container('DNSConfig')),
  shown('working_dir', container('Dir')),
  shown('user', container('User')),
  shown('group_add', container('Groups')),
  { ...shown('init', container('Init')), same: (current, wanted) => (current ?? null) === (wanted ?? null) },
  shown('stop_signal', container('StopSignal')),
  shown('tty', container('TTY')),
  shown('stdin_open', container('OpenStdin')),
  shown('read_only', container('ReadOnly')),
  {
    name: 'volumes',
    path: container('Mounts'),
    plain: each(mount),
    same: unordered,
    told: (value) => listed(asList(value).map(mountText)),
  },
  shown('stop_grace_period', container('StopGracePeriod')),
  {
    name: 'secrets',
    path: container('Secrets'),
    plain: each(grant('SecretID')),
    same: unordered,
    told: names('SecretName'),
  },
  {
    name: 'configs',
    path: container('Configs'),
    plain: each(grant('ConfigID')),
    same: unordered,
    told: names('ConfigName'),
  },
  shown('isolation', container('Isolation'), except('default')),
  { name: 'sysctls', path: container('Sysctls'), told: hidden },
  { ...shown('cap_add', container('CapabilityAdd')), same: unordered },
  { ...shown('cap_drop', container('CapabilityDrop')), same: unordered },
  { ...shown('ulimits', container('Ulimits')), same: unordered },
  shown('oom_score_adj', container('OomScoreAdj')),
  shown('resources.limits', task('Resources', 'Limits')),
  shown('resources.reservations', task('Resources', 'Reservations')),
  shown('restart_policy', task('RestartPolicy'), restart),
  { ...shown('constraints', task('Placement', 'Constraints')), same: unordered },
  shown('preferences', task('Placement', 'Preferences')),
  shown('max_replicas_per_node', task('Placement', 'MaxReplicas')),
  { name: 'logging', path: task('LogDriver'), told: (value) => asValue(asObject(value)['Name']) },
  {
    name: 'networks',
    path: task('Networks'),
    plain: each(network),
    same: unordered,
    told: names('Target'),
  },
  shown('update_config', ['UpdateConfig'], policy),
  shown('rollback_config', ['RollbackConfig'], policy),
  shown('endpoint_mode', ['EndpointSpec', 'Mode'], except('vip')),
  {
    name: 'ports',
    path: ['EndpointSpec', 'Ports'],
    plain: each(port),
    same: unordered,
    told: (value) => listed(asList(value).map(portText)),
  },
];

/** Whether two values of a row mean the same. */
export function areSame({ same = semanticEqual }: Row, current: Json, wanted: Json): boolean {
  return same(current, wanted);
}
