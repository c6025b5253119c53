import { join } from 'node:path';
import { loadCompose, type LoadedCompose } from '../compose/load.ts';
import type { StackSpec } from '../config/model.ts';
import { additionsFile, type Addition } from './stack.ts';

/**
 * A stack as Docker reads it together with what swarmup adds.
 *
 * @param additions those that are known; the node of a pinned service is known only once it runs
 */
export function effectiveStack(stack: StackSpec, additions: readonly Addition[]): LoadedCompose {
  const { files, folder, environment, references } = stack;
  const added = {
    path: join(folder, 'swarmup.json'),
    shown: 'what swarmup adds',
    text: additionsFile(stack, additions).reveal(),
  };
  const contents = new Map(references.map(({ path, data }) => [path, Buffer.from(data.reveal(), 'base64').toString()]));
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.reveal()]));
  return loadCompose({
    files: [...files.map((file) => ({ ...file, shown: file.path })), added],
    env,
    home: env['HOME'],
    readFile: (path) => contents.get(path),
  });
}
