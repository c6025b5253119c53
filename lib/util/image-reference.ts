/** An image's name without its digest and with its tag written out: nginx@sha256:... and nginx are nginx:latest. */
export function tagged(reference: string): string {
  const [name = reference] = reference.split('@');
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') ? name : `${name}:latest`;
}

/** A name's digest, such as sha256:...; undefined without one. */
export function digestOf(reference: string): string | undefined {
  return reference.split('@')[1];
}

/** The name for requests to an engine: with the digest if the reference has one, otherwise with an explicit tag. */
export function exact(reference: string): string {
  return digestOf(reference) === undefined ? tagged(reference) : reference;
}

/**
 * Whether an image is the wanted one. A wanted digest has to be the image's; without one, any digest of the tag will
 * do. A name with a digest and no tag matches no tag.
 */
export function isImage(image: string, wanted: string): boolean {
  if (digestOf(wanted) !== undefined) return tagged(image) === tagged(wanted) && digestOf(image) === digestOf(wanted);
  return tagged(image) === tagged(wanted) && (digestOf(image) === undefined || hasTag(image));
}

function hasTag(reference: string): boolean {
  const [name = ''] = reference.split('@');
  return name === tagged(reference);
}

/**
 * A reference without the digest that an engine added to its tag. A digest without a tag is kept, as only it identifies
 * the image.
 */
export function withoutNote(reference: string): string {
  return hasTag(reference) ? tagged(reference) : reference;
}

/** The registry host of an image. Source: the distribution project's reference grammar; Docker Hub's own host. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return !named || first === 'docker.io' ? DOCKER_HUB : first;
}

export const DOCKER_HUB = 'registry-1.docker.io';
