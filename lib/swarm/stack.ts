import { createHash } from 'node:crypto';
import { isMap, parseDocument } from 'yaml';
import type { StackSpec } from '../config/model.ts';

/** On every service of a stack that swarmup deployed: what its file was. */
export const STACK_LABEL = 'swarmup.stack';
export const NAMESPACE_LABEL = 'com.docker.stack.namespace';

/** Tells two versions of a stack's file apart. */
export function stackHash(stack: StackSpec): string {
  return createHash('sha256').update(stack.text).digest('hex').slice(0, 16);
}

/** The Compose file to deploy: the user's own, with swarmup's label on every service. */
export function labelled(stack: StackSpec): string {
  const document = parseDocument(stack.text);
  const services = document.get('services', true);
  if (isMap(services)) {
    for (const { name } of stack.services) {
      const labels = document.getIn(['services', name, 'deploy', 'labels'], true);
      const hash = stackHash(stack);
      // Compose allows labels as a list of KEY=VALUE too.
      if (labels && !isMap(labels)) document.addIn(['services', name, 'deploy', 'labels'], `${STACK_LABEL}=${hash}`);
      else document.setIn(['services', name, 'deploy', 'labels', STACK_LABEL], hash);
    }
  }
  return document.toString();
}
