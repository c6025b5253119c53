import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stackConfig } from './docker.ts';

/**
 * Records what Docker's client makes of the files in more/: NAME.yml gets NAME.expected.yml, and what Docker refuses is
 * named NAME.refused.yml. NAME.2.yml is merged into NAME.yml. Run it after adding a file: node test/compose/record.ts
 */
const folder = fileURLToPath(new URL('more/', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'swarmup-record-'));
const copy = join(root, 'stack');
cpSync(folder, copy, { recursive: true });

const files = readdirSync(folder);
const inputs = files.filter((file) => file.endsWith('.yml') && !/\.(?:expected|2)\.yml$/.test(file));
for (const file of inputs) {
  const name = file.replace(/(?:\.refused)?\.yml$/, '');
  const second = `${name}.2.yml`;
  const printed = await stackConfig([file, ...(files.includes(second) ? [second] : [])], copy);
  const wanted = printed === undefined ? `${name}.refused.yml` : `${name}.yml`;
  if (wanted !== file) renameSync(join(folder, file), join(folder, wanted));
  const expected = join(folder, `${name}.expected.yml`);
  if (printed === undefined) rmSync(expected, { force: true });
  else writeFileSync(expected, printed.replaceAll(root, ''));
}
rmSync(root, { recursive: true });
