import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A machine as the output of the example in docs/providers.md has it. */
export interface TerraformMachine {
  readonly address: string;
  readonly private_address: string;
  readonly user?: string | null;
  readonly host_key?: string | null;
}

/**
 * What `terraform output -json` prints with an output of machines, a map of objects, and one that is sensitive. Source: Terraform
 * 1.11.4, with a configuration that has nothing else.
 */
export function terraformOutput(value: Readonly<Record<string, TerraformMachine>>): string {
  const shape = { address: 'string', host_key: 'string', private_address: 'string', user: 'string' };
  const machines = { sensitive: false, type: ['map', ['object', shape]], value };
  return `${JSON.stringify({ machines, token: { sensitive: true, type: 'string', value: 'hush' } }, null, 2)}\n`;
}

/**
 * Puts a program named terraform into a folder, which knows `terraform output -json` alone.
 *
 * @returns the PATH that has it first
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
