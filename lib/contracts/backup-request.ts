import type { Key, Lock } from '../backup/keys.ts';
import type { Manifest } from '../backup/manifest.ts';

/** What `swarmup backup` was asked for. */
export interface BackupRequest {
  /** Absolute path of the file to write. */
  readonly file: string;
  readonly lock: Lock;
  readonly volumes: readonly VolumeName[];
}

export interface VolumeName {
  readonly node: string;
  readonly volume: string;
}

/** What `swarmup restore` was asked for; the file was read once already. */
export interface RestoreRequest {
  readonly file: string;
  readonly key: Key;
  readonly manifest: Manifest;
}

const SWARM_PART = 'swarm';

/** The name of a part: the managers' own, or a volume. */
export function partName(volume?: VolumeName): string {
  return volume ? `volume ${volume.node} ${volume.volume}` : SWARM_PART;
}

/** The volume that a part is; undefined for the managers' own. */
export function volumeOf(part: string): VolumeName | undefined {
  const [, node, volume] = /^volume (\S+) (\S+)$/.exec(part) ?? [];
  return node !== undefined && volume !== undefined ? { node, volume } : undefined;
}
