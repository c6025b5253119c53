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

/** What `swarmup restore` was asked for; the file has been read and verified once. */
export interface RestoreRequest {
  readonly file: string;
  readonly key: Key;
  readonly manifest: Manifest;
}

const SWARM_PART = 'swarm';

/** The name of a part: the swarm's state, or a volume. */
export function partName(volume?: VolumeName): string {
  return volume ? `volume ${volume.node} ${volume.volume}` : SWARM_PART;
}

/** The volume in a part; undefined for the swarm's state. */
export function volumeOf(part: string): VolumeName | undefined {
  const [, node, volume] = /^volume (\S+) (\S+)$/.exec(part) ?? [];
  return node !== undefined && volume !== undefined ? { node, volume } : undefined;
}

/** What a back-up is encrypted with: a passphrase, or the public keys of recipients. */
export type Lock = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };

/** What a back-up is read with. */
export type Key = { readonly passphrase: Secret } | { readonly identities: readonly Secret[] };

/** Any object that the managers keep, with its specification. */
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
  /** The manager that the Raft log comes from; the restored one needs the same address. */
  manager: z.object({ name: z.string(), id: z.string(), address: z.string(), engine: z.string() }),
  /** With autolock: the key that unlocks the manager's key. */
  unlockKey: z.string().optional(),
  objects: z.array(objectSchema),
  parts: z.array(partSchema),
});

/** The contents of a back-up: the last entry, as only then all others are known. */
export type Manifest = z.output<typeof manifestSchema>;

export type Part = z.output<typeof partSchema>;

export type Kept = z.output<typeof objectSchema>;
