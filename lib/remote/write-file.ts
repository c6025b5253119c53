import { dirname } from 'node:path/posix';
import type { Host } from './host.ts';

/** Writes a file on a host as root, in a folder that is made where it is missing. */
export async function writeOn(host: Host, path: string, input: string, signal: AbortSignal): Promise<void> {
  await host.run(['install', '-d', '-m', '0755', dirname(path)], { signal });
  await host.run(['tee', path], { input, signal });
}
