import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../lib/contracts/diagnosis.ts';
import { Cli } from '../support/cli.ts';
import { unpacked } from './rig.ts';

const TEXT = `name: shop
provider: { type: qemu }
secrets: { key: { value: of-the-house-1 } }
services: { web: { image: nginx, env: { A: of-the-house-1, B: "\${OUTSIDE}" }, secrets: [key] } }
`;

function cliWith(): Cli {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-diagnose-'));
  writeFileSync(join(folder, 'swarmup.yaml'), TEXT);
  return new Cli(folder, { OUTSIDE: 'from-0utside', NO_COLOR: '1' });
}

const archivesIn = ({ folder }: Cli) => readdirSync(folder).filter((name) => name.includes('.tar.gz'));

describe('swarmup diagnose', () => {
  it('lists what goes in, and writes nothing unless it may', async () => {
    const cli = cliWith();
    const { stdout, stderr, status } = await cli.run(['diagnose']);
    expect(stdout).toMatch(/^FILE +SIZE +MASKED +FROM$/m);
    expect(stdout).toMatch(/^cluster-file\.json +\d+ B +\d+ +swarmup config$/m);
    expect(stdout).toContain('! the last run: no run has left a record');
    expect(stderr).toMatch(/Write these \d+ files to shop-diagnosis-\S+\.tar\.gz\? There is no terminal[^]*--yes/);
    expect(status).toBe(2);
    expect(archivesIn(cli)).toEqual([]);
  });

  it('writes an archive here, without the secrets of the file', async () => {
    const cli = cliWith();
    const { stdout, status } = await cli.run(['diagnose', '--yes']);
    expect(status).toBe(0);
    const [archive = '', ...others] = archivesIn(cli);
    expect(others).toEqual([]);
    expect(archive).toMatch(/^shop-diagnosis-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.tar\.gz$/);
    expect(stdout).toContain(`tar -xzf ${archive}\n`);
    const files = unpacked(join(cli.folder, archive));
    expect([...files.values()].join('\n')).not.toMatch(/of-the-house-1|from-0utside/);
    expect(JSON.parse(files.get('versions.json') ?? '')).toMatchObject({ swarmup: expect.any(String) as unknown });
  });

  it('prints the list as JSON, with the path of the archive', async () => {
    const cli = cliWith();
    const { document, status } = await cli.json<Diagnosis & { archive: string }>(
      'diagnose',
      '--yes',
      '-o',
      'help.tar.gz',
    );
    expect(status).toBe(0);
    expect(document.archive).toBe(join(cli.folder, 'help.tar.gz'));
    const files = unpacked(document.archive);
    expect(document.files.map(({ name }) => name).toSorted()).toEqual([...files.keys()].toSorted());
    for (const { name, bytes } of document.files) expect(Buffer.byteLength(files.get(name) ?? '')).toBe(bytes);
    expect(document.files[0]).not.toHaveProperty('text');
  });

  it('refuses a file that exists before it asks anybody', async () => {
    const cli = cliWith();
    writeFileSync(join(cli.folder, 'help.tar.gz'), '');
    const { stderr, stdout, status } = await cli.run(['diagnose', '--yes', '-o', 'help.tar.gz']);
    expect([stderr.includes('help.tar.gz exists'), stdout, status]).toEqual([true, '', 2]);
    expect(existsSync(join(cli.folder, 'help.tar.gz.part'))).toBe(false);
  });
});
