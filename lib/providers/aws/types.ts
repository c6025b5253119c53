/** A processor's architecture, in EC2's words. */
export type Architecture = 'x86_64' | 'arm64';
