import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingEngine } from '../support/recording-engine.ts';
import { ENVIRONMENT, FILES, nameOf, NETWORKS, SERVICES, SWARMS } from './cases.ts';
import { COMMANDS, optionsOf, type Kind } from './commands.ts';

/** Writes recorded.json: the requests of Docker's client 28 for all cases, and its options. Needs that client. */

const CASES = { service: SERVICES, network: NETWORKS, swarm: SWARMS };
const folder = mkdtempSync(join(tmpdir(), 'swarmup-record-'));
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
const engine = new RecordingEngine();
await engine.start();
const all: [Kind, object][] = [];
for (const kind of ['service', 'network', 'swarm'] as const) {
  const bodies: [string, object][] = [];
  for (const one of CASES[kind]) {
    const { body } = await engine.record(COMMANDS[kind].of(one), folder, ENVIRONMENT);
    bodies.push([nameOf(one), body]);
  }
  all.push([kind, { options: optionsOf(COMMANDS[kind].words), bodies: Object.fromEntries(bodies) }]);
}
await engine.stop();
writeFileSync(new URL('recorded.json', import.meta.url), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
