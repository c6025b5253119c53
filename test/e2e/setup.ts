import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cli, type UpDocument } from '../support/cli.ts';

/** Clusters are tested side by side: what they all need is installed and built before the first. */
export default async function prepareImages(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-e2e-'));
  writeFileSync(
    join(folder, 'swarmup.yaml'),
    `name: e2e-setup
provider: { type: qemu, image: debian-13 }
nodes: { managers: 1 }
`,
  );
  const cli = new Cli(folder);
  const { status, document } = await cli.json<UpDocument>('up', '--only', 'prepare-provider');
  await cli.run(['down', '--yes']);
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) throw new Error(JSON.stringify(document, null, 2));
}
