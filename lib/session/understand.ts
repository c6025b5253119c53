import type { Cluster } from '../config/model.ts';
import { loadWithText } from '../config/load.ts';
import { understood } from '../config/understood.ts';
import { providerSchema } from '../providers/index.ts';
import { requestFor, type LoadOptions } from './load.ts';

/** A cluster, and its file as swarmup understands it: variables replaced, defaults filled in, secrets as `***`. */
export async function understandCluster(
  file: string | undefined,
  options: LoadOptions = {},
): Promise<{ readonly cluster: Cluster; readonly file: Readonly<Record<string, unknown>> }> {
  const request = requestFor(file, options);
  const { cluster, text } = await loadWithText(request);
  return { cluster, file: await understood(text, request.env, providerSchema) };
}
