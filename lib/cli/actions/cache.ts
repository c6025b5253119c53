import { listCache, type Cached } from '../../providers/cache.ts';
import { removeUsed } from '../../providers/users.ts';
import { cacheText, megabytes } from '../../render/cache.ts';
import { confirm } from '../../render/confirm.ts';
import { print, printJson } from '../../render/output.ts';
import { cacheFolder } from '../../util/files.ts';
import { requireKnown } from '../../util/require-known.ts';

interface CacheOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** Shows what swarmup keeps for all clusters, or removes what no machine uses. */
export async function cache(what: string | undefined, options: CacheOptions): Promise<number> {
  requireKnown('cache command', what ?? 'list', ['list', 'clear']);
  const folder = cacheFolder(process.env);
  const entries = await listCache(folder);
  if (what === 'clear') return clear(folder, entries, options);
  if (options.json) printJson({ folder, entries });
  else print(cacheText(entries, folder));
  return 0;
}

async function clear(folder: string, entries: readonly Cached[], options: CacheOptions): Promise<number> {
  // A state's image may be free once the state is gone; it goes with the next clear.
  const unused = entries.filter(({ usedBy }) => usedBy?.length === 0);
  const freed = megabytes(unused.reduce((sum, { bytes }) => sum + bytes, 0));
  if (unused.length > 0 && !options.json) print(cacheText(unused, folder));
  const question = `Remove these ${unused.length}, which no machine uses? They are downloaded or built again when needed.`;
  if (unused.length > 0 && !options.yes && !(await confirm(question))) return 1;
  for (const { path } of unused) await removeUsed(folder, path);
  if (options.json) printJson({ folder, removed: unused });
  else print(unused.length === 0 ? 'nothing to remove: everything is used\n' : `removed ${freed}\n`);
  return 0;
}
