import type { Path } from '../locate.ts';
import { sourceOf, type ComposeFile } from './schema.ts';

/** Something in a Compose file that Docker would look for on the manager where it runs, not beside the file. */
export interface LocalReference {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** `.`, `..`, what begins with them, and the user's home. Source: docker/cli, cli/compose/loader, volumes. */
const RELATIVE = /^(?:\.{1,2}(?:\/|$)|~)/;

const IN_PLACE = 'expected the variables themselves, under environment';
const EXTERNAL = 'expected external: true, with the object in the swarm: docker secret create, docker config create';

/** The references that mean something different on a manager than here. */
export function localReferences({ services, secrets = {}, configs = {} }: ComposeFile): readonly LocalReference[] {
  return [
    ...Object.entries(services).flatMap(([name, { env_file: file, volumes = [] }]) => {
      const path = ['services', name];
      const files = file === undefined || file === null ? [] : [fileAt([...path, 'env_file'], IN_PLACE)];
      return [...files, ...volumes.flatMap((volume, i) => bindAt([...path, 'volumes', i], sourceOf(volume)))];
    }),
    ...Object.entries({ secrets, configs }).flatMap(([kind, all]) =>
      Object.entries(all).flatMap(([name, one]) =>
        one?.file === undefined ? [] : [fileAt([kind, name, 'file'], EXTERNAL)],
      ),
    ),
  ];
}

function fileAt(path: Path, hint: string): LocalReference {
  return { path, message: `${path.join('.')} is a file on this computer, which is not sent to the managers`, hint };
}

function bindAt(path: Path, source: string): LocalReference[] {
  if (!RELATIVE.test(source)) return [];
  const message = `${source} would be looked for in the manager's own folder, not beside this file`;
  return [{ path, message, hint: 'expected an absolute path on the nodes, or a volume' }];
}
