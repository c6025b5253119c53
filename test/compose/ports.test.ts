import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countPorts, shortPorts } from '../../lib/compose/ports.ts';
import { inputs, seeded, type Random } from '../support/seeded.ts';
import { hasOracle, stackConfig } from './docker.ts';
import { loadedFiles, textOf } from './loaded.ts';

/** A port in the short form, or almost. */
function portText(random: Random): string {
  const port = () =>
    random.one(['0', '1', '80', '080', '8080', '65535', '65536', '', '-1', ' 80', '8o', '99999999999']);
  const range = () => random.one([port(), port(), `${port()}-${port()}`, '80-82', '8000-8002', '82-80']);
  const address = random.one(['', '', '', '127.0.0.1:', '[::1]:', '::1:', '256.1.1.1:', '01.2.3.4:', 'h:', ':', '[]:']);
  const host = random.one(['', '', `${range()}:`]);
  return `${address}${host}${range()}${random.one(['', '', '', '/tcp', '/udp', '/SCTP', '/', '/x', '/tcp/udp'])}`;
}

const file = (texts: readonly string[]) =>
  `version: "3.8"\nservices:\n${texts
    .map((text, i) => `  s${i}: { image: x, ports: [${JSON.stringify(text)}] }\n`)
    .join('')}`;

describe('random ports', { timeout: 3_600_000 }, () => {
  const random = seeded(31);
  const texts = [...new Set(Array.from({ length: inputs(300) }, () => portText(random)))];
  const valid = texts.filter((text) => shortPorts(text) !== undefined);
  const invalid = texts.filter((text) => !valid.includes(text));

  it('are counted as they are made', () => {
    for (const text of texts) expect(countPorts(text)).toBe(shortPorts(text)?.length ?? 0);
  });

  it.runIf(hasOracle)('mean the same as to docker stack config, or are refused by both', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-ports-'));
    const write = (name: string, some: readonly string[]) => (writeFileSync(join(folder, name), file(some)), [name]);
    const all = write('valid.yml', valid);
    expect(textOf(loadedFiles(all, folder))).toBe(await stackConfig(all, folder));
    expect(Math.min(valid.length, invalid.length)).toBeGreaterThan(20);
    // Docker stops at the first mistake, so each needs a client of its own.
    for (const text of invalid.slice(0, inputs(20)))
      expect([text, await stackConfig(write('invalid.yml', [text]), folder)]).toEqual([text, undefined]);
  });
});
