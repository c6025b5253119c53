import { parseDocument, visit, isScalar } from 'yaml';

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

/** A Compose file with Portainer's images in one version: its server and its agents have to be of the same. */
export function atVersion(text: string, version: string): string {
  const document = parseDocument(text);
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || key.value !== 'image' || !isScalar(value)) return;
      const [name] = IMAGE.exec(String(value.value)) ?? [];
      if (name !== undefined) value.value = `${name}:${version}`;
    },
  });
  return document.toString();
}
