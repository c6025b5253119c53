import type { Secret } from '../util/secret.ts';

export interface BuildIo {
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
}

/** Image archives on this machine: read once a run, built once for all runs. */
export interface ImageStore {
  contents(file: string): Promise<readonly ArchivedImage[]>;
  /** Whether an image can be built here when no registry has it. */
  canBuild(name: string): boolean;
  /** The archive of such an image, built when it isn't in the cache. */
  build(name: string, io: BuildIo): Promise<string>;
}

/** What a registry is shown; as the Engine API's X-Registry-Auth has it. */
export interface Credentials {
  readonly server: string;
  /** A name and its password, or a token in its place. */
  readonly username: string;
  readonly secret: Secret;
}

/** Gives the credentials that Docker has on this computer for an image's registry, if it has any. */
export type CredentialsOf = (image: string) => Promise<Credentials | undefined>;

/** Images on this computer, and what it takes to get others from their registries. */
export interface Images extends ImageStore {
  /** Undefined for every image, unless the cluster file lets nodes have them. */
  readonly credentials: CredentialsOf;
}

/** One image of an archive: its names and what its layers are. */
export interface ArchivedImage {
  readonly names: readonly string[];
  /** The digests of the unpacked layers: the same in every image store, unlike an image's id. */
  readonly layers: readonly string[];
}
