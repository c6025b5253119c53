/** A file of a diagnosis: what `swarmup diagnose` lists before it writes anything. */
export interface DiagnosisFile {
  /** Its path in the archive. */
  readonly name: string;
  readonly bytes: number;
  /** Where its content comes from. */
  readonly from: string;
  /** How many values in it are shown as `***`. */
  readonly masked: number;
}

/** Something that couldn't be read. */
export interface Missing {
  readonly what: string;
  readonly why: string;
}

/** The contents of a diagnosis. */
export interface Diagnosis {
  readonly cluster: string;
  readonly files: readonly DiagnosisFile[];
  readonly missing: readonly Missing[];
  /** What is in it on purpose, and what never is. */
  readonly notes: readonly string[];
}
