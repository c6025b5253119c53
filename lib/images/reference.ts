/** An image's name without its digest and with its tag written out: nginx@sha256:... and nginx are nginx:latest. */
export function tagged(reference: string): string {
  const [name = reference] = reference.split('@');
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? name : `${name}:latest`;
}

/** Whether two references mean the same image by name. */
export function sameImage(a: string, b: string): boolean {
  return tagged(a) === tagged(b);
}

/** The host of the registry that an image comes from. Source: the distribution project's reference grammar; Docker Hub's own host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !named || first === 'docker.io' ? DOCKER_HUB : first;
}

export const DOCKER_HUB = 'registry-1.docker.io';
