/** An image's name without its digest and with its tag written out: nginx@sha256:... and nginx are nginx:latest. */
export function tagged(reference: string): string {
  const [name = reference] = reference.split('@');
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? name : `${name}:latest`;
}

/** A name's digest, such as sha256:...; undefined for one that has none. */
function digestOf(reference: string): string | undefined {
  return reference.split('@')[1];
}

/** What an engine is asked for: an image with a digest by that, any other by its tag, written out. */
export function exact(reference: string): string {
  return digestOf(reference) === undefined ? tagged(reference) : reference;
}

/**
 * Whether an image is the one that is wanted. A digest that is wanted has to be the image's; where none is wanted, any will do that a
 * registry had for the tag. A name with a digest and no tag is no tag's.
 */
export function isImage(image: string, wanted: string): boolean {
  if (digestOf(wanted) !== undefined) return tagged(image) === tagged(wanted) && digestOf(image) === digestOf(wanted);
  return tagged(image) === tagged(wanted) && (digestOf(image) === undefined || hasTag(image));
}

function hasTag(reference: string): boolean {
  const [name = ''] = reference.split('@');
  return name === tagged(reference);
}

/** Without the digest that an engine noted for a tag; one that stands alone is all that says which image it is. */
export function withoutNote(reference: string): string {
  return hasTag(reference) ? tagged(reference) : reference;
}

/** The host of the registry that an image comes from. Source: the distribution project's reference grammar; Docker Hub's own host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !named || first === 'docker.io' ? DOCKER_HUB : first;
}

export const DOCKER_HUB = 'registry-1.docker.io';
