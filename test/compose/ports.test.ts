import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPorts, shortPorts } from '../../lib/compose/ports.ts';
import { tried } from '../support/properties.ts';
import { hasOracle, stackConfig } from './docker.ts';
import { loadedFiles, textOf } from './loaded.ts';

const SMALL = ['80', '0', '1', '080', '', '-1', ' 80', '8o'] as const;
const port = fc.oneof(fc.constantFrom(...SMALL), fc.constantFrom('8080', '65535', '65536', '99999999999'));
/** A port or a range; long ones would say the same in more lines. */
const range = fc.oneof(
  { weight: 4, arbitrary: port },
  { weight: 2, arbitrary: fc.constantFrom('80-82', '8000-8002', '82-80', '99-101', '80-82-84', '9-300') },
  { weight: 2, arbitrary: fc.tuple(fc.nat(65_535), fc.nat(2)).map(([from, width]) => `${from}-${from + width}`) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...SMALL), fc.constantFrom(...SMALL)).map((ends) => ends.join('-')),
  },
);
const address = fc.oneof(
  fc.constant(''),
  fc.constantFrom('127.0.0.1:', '[::1]:', '::1:', '256.1.1.1:', '01.2.3.4:', 'h:', ':', '[]:'),
);
const published = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: range.map((text) => `${text}:`) },
);
const protocol = fc.oneof(
  fc.constant(''),
  fc.constantFrom('/tcp', '/udp', '/SCTP', '/', '/x', '/tcp/udp', '/tcp ', '/Tcp'),
);
/** A port in the short form, or almost. */
const portText = fc.tuple(address, published, range, protocol).map((parts) => parts.join(''));

const file = (texts: readonly string[]) =>
  `version: "3.8"\nservices:\n${texts
    .map((text, i) => `  s${i}: { image: x, ports: [${JSON.stringify(text)}] }\n`)
    .join('')}`;

describe('random ports', { timeout: 3_600_000 }, () => {
  it('are counted as they are made', () => {
    fc.assert(
      fc.property(portText, (text) => {
        expect(countPorts(text)).toBe(shortPorts(text)?.length ?? 0);
      }),
      tried(300),
    );
  });

  it.runIf(hasOracle)('mean the same as to docker stack config, or are refused by both', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swarmup-ports-'));
    const seen = { valid: 0, invalid: 0 };
    const expectSame = async (texts: readonly string[]) => {
      writeFileSync(join(folder, 'ports.yml'), file(texts));
      const expected = await stackConfig(['ports.yml'], folder);
      expect(textOf(loadedFiles(['ports.yml'], folder))).toBe(expected);
      seen[expected === undefined ? 'invalid' : 'valid'] += texts.length;
    };
    // Docker stops at the first mistake, so a wrong port needs a client of its own; the valid ones share one.
    await fc.assert(
      fc.asyncProperty(fc.array(portText, { maxLength: 12 }), portText, async (several, last) => {
        await expectSame(several.filter((text) => shortPorts(text) !== undefined));
        await expectSame([last]);
      }),
      tried(40),
    );
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(15);
  });
});
