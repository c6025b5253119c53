import type { ErrorCode } from '../../util/errors.ts';

/** A test that shows what swarmup does about a failure. */
export interface Proof {
  readonly file: string;
  /** The title as written in the file, with its placeholders. */
  readonly title: string;
  /** The case, where the test has several. */
  readonly case?: string;
  /** The real thing in which the failure was provoked, if it was. */
  readonly against?:
    | 'virtual machines'
    | 'a real sshd'
    | 'sudo'
    | 'package managers'
    | "Docker's client"
    | 'sockets'
    | 'network namespaces';
}

/** A known way for such a job to fail. Texts are Markdown. */
export interface KnownFailure {
  readonly number: number;
  /** As the field words it, with the engine's own words where there are some. */
  readonly failure: string;
  /** An issue about it, as `repository#number`. */
  readonly reference?: string;
  /** Whether it ends with an explanation of its own, or can't happen. */
  readonly handling: 'explained' | 'prevented';
  /** What swarmup does about it. */
  readonly does: string;
  /** The codes of the errors that report it. A finding of `doctor` has that of the error in which it stops a run. */
  readonly codes: readonly ErrorCode[];
  readonly proofs: readonly Proof[];
}
