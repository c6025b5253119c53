/** Portainer's images, from any registry. */
const IMAGE = /^(?:.*\/)?portainer\/(portainer-ce|portainer-ee|agent)(?=[:@]|$)/;

/** A service's part in Portainer, by its image. */
export type Part = 'server' | 'agent';

/** Undefined for services that aren't Portainer's. */
export function partOf(image: string): Part | undefined {
  const name = IMAGE.exec(image)?.[1];
  if (name === undefined) return undefined;
  return name === 'agent' ? 'agent' : 'server';
}

/** A Portainer image in the given version: server and agents need the same one. Undefined for other images. */
export function imageAt(image: string, version: string): string | undefined {
  const [name] = IMAGE.exec(image) ?? [];
  return name === undefined ? undefined : `${name}:${version}`;
}
