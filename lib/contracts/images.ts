import type { Secret } from '../util/secret.ts';

export interface BuildIo {
  readonly signal: AbortSignal;
  readonly report: (detail: string) => void;
}

/** Image archives on this computer: read once per run, built once for all runs. */
export interface ImageStore {
  contents(file: string): Promise<readonly ArchivedImage[]>;
  /** Whether an image can be built here when no registry has it. */
  canBuild(name: string): boolean;
  /** The archive of such an image, built when it isn't in the cache. */
  build(name: string, io: BuildIo): Promise<string>;
}

/** Credentials for a registry, in the form of the Engine API's X-Registry-Auth. */
export interface Credentials {
  readonly server: string;
  /** A name and its password, or a token instead. */
  readonly username: string;
  readonly secret: Secret;
}

/** Returns the credentials that Docker on this computer has for an image's registry, if any. */
export type CredentialsOf = (image: string) => Promise<Credentials | undefined>;

/** Images on this computer, and the credentials to pull others from their registries. */
export interface Images extends ImageStore {
  /** Undefined for every image unless the cluster file passes credentials to the nodes. */
  readonly credentials: CredentialsOf;
}

/** One image of an archive: its names and its layers. */
export interface ArchivedImage {
  readonly names: readonly string[];
  /** The digests of the unpacked layers: the same in every image store, unlike an image ID. */
  readonly layers: readonly string[];
}
