/** Portainer's own images, whatever registry they come from. */
const IMAGE = /^(?:.*\/)?portainer\/(portainer-ce|portainer-ee|agent)(?=[:@]|$)/;

/** What a service is to Portainer, by its image. */
export type Part = 'server' | 'agent';

/** Undefined for services that aren't Portainer's. */
export function partOf(image: string): Part | undefined {
  const name = IMAGE.exec(image)?.[1];
  if (name === undefined) return undefined;
  return name === 'agent' ? 'agent' : 'server';
}

/** An image of Portainer's in a version: its server and its agents have to be of the same. Undefined for other images. */
export function imageAt(image: string, version: string): string | undefined {
  const [name] = IMAGE.exec(image) ?? [];
  return name === undefined ? undefined : `${name}:${version}`;
}
