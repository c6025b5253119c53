import { z } from 'zod';

/**
 * Names of clusters, nodes and providers have the grammar of host names. Source: RFC 1123, section 2.1, without
 * upper case.
 */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const name = () =>
  z.string().regex(NAME, { error: 'expected lower-case letters, digits and hyphens, at most 63, such as worker-1' });

/** Source: swarmkit, manager/controlapi/common.go, validateAnnotations. */
const SERVICE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

/** Names of services, networks and stacks: what Swarm allows. */
export const serviceName = () =>
  z.string().regex(SERVICE_NAME, {
    error: 'expected letters, digits, and - or _ between them, at most 63 characters, such as db_1',
  });

/** Source: as above, validateConfigOrSecretAnnotations. */
const OBJECT_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/** Names of secrets and configs: what Swarm allows. */
export const objectName = () =>
  z.string().regex(OBJECT_NAME, {
    error: 'expected letters, digits, and - _ or . between them, at most 64 characters, such as site.key',
  });

/**
 * A stack's name begins the names of everything in it. Source: moby/swarmkit, manager/controlapi/service.go, the grammar
 * of service names.
 */
const STACK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,60}$/;

export const stackName = () =>
  z.string().regex(STACK_NAME, {
    error: 'expected letters, digits, hyphens and underscores, at most 61, such as my_stack',
  });

/** Whether Docker accepts a text as the name of a service in the swarm. */
export function isServiceName(text: string): boolean {
  return text.length <= 63 && /^[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?$/.test(text);
}

/**
 * Whether a text from outside the cluster file (a process, a tag, a file name) can be a node's name. Only valid names
 * become paths.
 */
export function isName(text: string): boolean {
  return NAME.test(text);
}
