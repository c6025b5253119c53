import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-lazy-'));
const log = join(folder, 'loaded');
const spy = join(folder, 'spy.mjs');
writeFileSync(
  spy,
  `import { registerHooks } from 'node:module';
import { appendFileSync } from 'node:fs';
registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(log)}, url + '\\n'); return next(url, context); } });
`,
);

/** The packages that a command loads. */
async function loadedBy(clusterFile: string, ...argv: string[]): Promise<string[]> {
  writeFileSync(log, '');
  writeFileSync(join(folder, 'swarmup.yaml'), clusterFile);
  await new Promise<void>((resolve) => {
    const env = {
      ...process.env,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
    };
    const args = ['--import', spy, join(ROOT, 'lib/cli/bin.ts'), ...argv];
    // The outcome of the command doesn't matter here.
    execFile(process.execPath, args, { cwd: folder, env }, () => resolve());
  });
  const names = readFileSync(log, 'utf8').matchAll(/node_modules\/((@[^/]+\/)?[^/]+)\//g);
  return [...new Set([...names].map((match) => match[1] ?? ''))];
}

describe('the modules that a command loads', () => {
  const qemu = 'name: lazy\nprovider: { type: qemu }\n';
  // Nothing listens there.
  const aws = "name: lazy\nprovider: { type: aws, region: eu-central-1, endpoint: 'http://127.0.0.1:9' }\n";
  const sdk = (names: readonly string[]) => names.filter((name) => /^@(aws-sdk|smithy)\//.test(name));

  it('are very few for --help', async () => {
    expect(await loadedBy(qemu, '--help')).toEqual(['commander']);
  });

  it('are none for --version', async () => {
    expect(await loadedBy(qemu, '--version')).toEqual([]);
  });

  it('include nothing of AWS for a cluster without it', async () => {
    const names = await loadedBy(qemu, 'status');
    expect(names).toContain('yaml');
    expect(sdk(names)).toEqual([]);
  });

  it('include the SDK for a cluster file with the aws provider', async () => {
    expect(sdk(await loadedBy(aws, 'unlock'))).toContain('@aws-sdk/client-ec2');
  });
});
