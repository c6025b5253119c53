import { isImage } from '../../util/image-reference.ts';
import { asList, asObject, container, listed, text, unordered, type Field, type Json } from './field.ts';

export const image: Field = {
  name: 'image',
  path: container('Image'),
  wanted: (service) => service.image,
  same: (current, wanted) => isImage(text(current), text(wanted)),
};

/** How many tasks a service or a job has, each in one mode only. */
export const REPLICAS: readonly Field[] = [
  {
    name: 'replicas',
    path: ['Mode', 'Replicated', 'Replicas'],
    wanted: (service) => (service.mode === 'replicated' ? service.replicas : undefined),
    same: (current, wanted) => (current ?? 0) === wanted,
  },
  ofJob('total', 'TotalCompletions', ({ total }) => total),
  // As Docker's client has it: all at the same time.
  ofJob('concurrent', 'MaxConcurrent', ({ concurrent, total }) => concurrent ?? total),
];

function ofJob(name: string, key: string, wanted: Field['wanted']): Field {
  return {
    name,
    path: ['Mode', 'ReplicatedJob', key],
    wanted: (service) => (service.mode === 'replicated-job' ? wanted(service) : undefined),
    otherwise: 1,
    same: (current, value) => (current ?? 1) === value,
  };
}

export const ports: Field = {
  name: 'ports',
  path: ['EndpointSpec', 'Ports'],
  wanted: (service) =>
    service.ports.map((port) => ({
      Protocol: port.protocol,
      TargetPort: port.target,
      ...(port.published === undefined ? {} : { PublishedPort: port.published }),
      PublishMode: port.mode,
    })),
  current: (value) => asList(value).map((port) => ({ Protocol: 'tcp', PublishMode: 'ingress', ...asObject(port) })),
  same: unordered,
  told: (value) =>
    listed(
      asList(value).map((one) => {
        const { Protocol, TargetPort, PublishedPort, PublishMode } = asObject(one);
        const protocol = Protocol === 'tcp' ? '' : `/${text(Protocol)}`;
        const mode = PublishMode === 'host' ? ' (host)' : '';
        const published = PublishedPort === undefined || PublishedPort === 0 ? '' : `${text(PublishedPort)}:`;
        return `${published}${text(TargetPort)}${protocol}${mode}`;
      }),
    ),
};

export const env: Field = {
  name: 'env',
  path: container('Env'),
  wanted: (service) => Object.entries(service.env).map(([key, value]) => (value === null ? key : `${key}=${value}`)),
  same: unordered,
  told: (value) => listed(asList(value).map((entry) => text(entry).split('=', 1)[0] ?? '')),
};

const withoutSpaces = (value: Json): string[] => asList(value).map((one) => text(one).replaceAll(' ', ''));

export const constraints: Field = {
  name: 'constraints',
  path: ['TaskTemplate', 'Placement', 'Constraints'],
  wanted: (service) => service.constraints,
  same: (current, wanted) => unordered(withoutSpaces(current), withoutSpaces(wanted)),
  told: (value) => listed(withoutSpaces(value)),
};
