import type { Secret } from '../util/secret.ts';
import { z } from 'zod';

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

/** What a back-up is encrypted for: whoever knows a passphrase, or has the keys of some recipients. */
export type Lock = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };

/** What a back-up is read with. */
export type Key = { readonly passphrase: Secret } | { readonly identities: readonly Secret[] };

/** Anything that the managers keep, with what it is made of. */
const objectSchema = z.object({ kind: z.string(), id: z.string(), name: z.string(), spec: z.unknown() });

const partSchema = z.object({
  /** `swarm`, or `volume NODE NAME`. */
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
});

export const manifestSchema = z.object({
  format: z.literal(1),
  cluster: z.string(),
  swarmId: z.string(),
  createdAt: z.iso.datetime(),
  /** The manager whose Raft log it is; the one that is restored needs its address. */
  manager: z.object({ name: z.string(), id: z.string(), address: z.string(), engine: z.string() }),
  /** Where autolock was on: what opens the manager's key. */
  unlockKey: z.string().optional(),
  objects: z.array(objectSchema),
  parts: z.array(partSchema),
});

/** What a back-up holds: the last of its entries, as all others are known by then. */
export type Manifest = z.output<typeof manifestSchema>;

export type Part = z.output<typeof partSchema>;

export type Kept = z.output<typeof objectSchema>;
