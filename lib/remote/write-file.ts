import { dirname } from 'node:path/posix';
import type { Secret } from '../util/secret.ts';
import type { Host } from '../contracts/host.ts';

/** Writes a file on a host as root, creating its folder if needed. */
export async function writeOn(host: Host, path: string, input: string, signal: AbortSignal): Promise<void> {
  await host.run(['install', '-d', '-m', '0755', dirname(path)], { signal });
  await host.run(['tee', path], { input, signal });
}

/** Writes a secret into a file that only root may read, replacing the previous file atomically. */
export async function writeSecretOn(host: Host, path: string, input: Secret, signal: AbortSignal): Promise<void> {
  await host.run(['sh', '-c', 'umask 077; cat > "$1.new" && mv "$1.new" "$1"', 'sh', path], { input, signal });
}

/** Keeps owner and mode of an existing file, and follows a link to it. */
const REPLACE = [
  'umask 022; f=$(readlink -f "$1") || f=$1; mkdir -p "$(dirname "$f")" || exit',
  'if [ -e "$f" ]; then cp -p "$f" "$f.new" || exit; fi',
  'cat >"$f.new" && mv "$f.new" "$f"',
].join('\n');

/** Replaces a file atomically as root, creating its folder if needed. Its content is in no record. */
export async function replaceOn(host: Host, path: string, input: Secret, signal: AbortSignal): Promise<void> {
  await host.run(['sh', '-c', REPLACE, 'swarmup-write', path], { input, signal });
}
