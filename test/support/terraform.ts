import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A machine in the output of the example in docs/providers.md. */
export interface TerraformMachine {
  readonly address: string;
  readonly private_address: string;
  readonly user?: string | null;
  readonly host_key?: string | null;
}

/**
 * The output of `terraform output -json` with a map of machines, and one sensitive output. Source: Terraform 1.11.4, with
 * a configuration that has nothing else.
 */
export function terraformOutput(value: Readonly<Record<string, TerraformMachine>>): string {
  const shape = { address: 'string', host_key: 'string', private_address: 'string', user: 'string' };
  const machines = { sensitive: false, type: ['map', ['object', shape]], value };
  return `${JSON.stringify({ machines, token: { sensitive: true, type: 'string', value: 'hush' } }, null, 2)}\n`;
}

/**
 * Creates a program named terraform in a folder, which supports only `terraform output -json`.
 *
 * @returns a PATH that has it first
 */
export function fakeTerraform(folder: string, output: string, status = 0): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'output.json'), output);
  writeFileSync(
    join(bin, 'terraform'),
    `#!/bin/sh\n[ "$*" = 'output -json' ] || { echo "unexpected: $*" >&2; exit 64; }\ncat '${bin}/output.json'\nexit ${status}\n`,
  );
  chmodSync(join(bin, 'terraform'), 0o755);
  return `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
}
