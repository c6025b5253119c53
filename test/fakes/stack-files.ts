import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { loadCompose } from '../../lib/compose/load.ts';
import type { ComposeConfig } from '../../lib/compose/types.ts';

/**
 * The Compose files that lib/swarm/stack-deploy.ts sends, as docker on the manager would read them.
 *
 * @param args those of its script
 * @param input its tar file
 */
export async function unpacked([count = '', ...args]: readonly string[], input: unknown): Promise<ComposeConfig> {
  const contents: string[] = [];
  const reader = extract();
  (input as Readable).pipe(reader);
  for await (const entry of reader) contents[Number(entry.header.name)] = await text(entry);
  const sent = new Map(args.slice(0, Number(count)).map((path, i) => [path.replace(/^root/, ''), contents[i] ?? '']));
  const options = args.slice(Number(count));
  const files = options.flatMap((path, i) => {
    if (options[i - 1] !== '-c') return [];
    const own = path.replace(/^root|^.*\/\.\.(?=\/)/, '');
    return [{ path: own, shown: own, text: sent.get(own) ?? '' }];
  });
  const variables = [...sent].filter(([path]) => path.startsWith('variables/'));
  const env = Object.fromEntries(variables.map(([path, value]) => [path.replace('variables/', ''), value]));
  const { compose, mistakes } = loadCompose({ files, env, home: env['HOME'], readFile: (path) => sent.get(path) });
  if (!compose) throw new Error(`docker refuses the stack: ${mistakes[0]?.message}`);
  return compose;
}
