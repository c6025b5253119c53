import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from '../../lib/diagnose/archive.ts';
import { diagnosisOf, type DiagnosisRequest } from '../../lib/diagnose/diagnosis.ts';
import type { Cluster } from '../../lib/config/model.ts';
import type { RunContext } from '../../lib/contracts/context.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { providerSchema } from '../../lib/providers/index.ts';
import { understood } from '../../lib/config/understood.ts';
import { Secret } from '../../lib/util/secret.ts';
import type { FakeWorld } from '../fakes/world.ts';
import { strict } from '../fakes/strict.ts';

/** What a host prints for the command of a fact. */
type Answer = (command: string, host: string) => string;

/** A host that answers the facts that it is asked for, and has neither Perl nor Python for probes. */
export function answeringHost(name: string, answer: Answer): Host {
  return strict<Host>('host', {
    name,
    run: async (argv) => {
      if (argv[3] === 'swarmup-probe') return { exitCode: 127, stdout: '', stderr: '' };
      const commands = [...(argv[2] ?? '').matchAll(/fact\(\) \{ ([^]*?)\n\}\nprintf/g)].map(([, one = '']) => one);
      if (commands.length === 0) throw new Error(`the fake host was asked to run '${argv.join(' ')}'`);
      const mark = `swarmup-facts-${'0'.repeat(36)}`;
      return { exitCode: 0, stderr: '', stdout: commands.map((one) => `\n${mark}\n${answer(one, name)}`).join('') };
    },
    close: () => undefined,
  });
}

/** A diagnosis of a world as `swarmup diagnose` makes it, written and read back with the system's tar. */
export async function diagnose(
  world: FakeWorld,
  { cluster, file, env = {} }: { cluster: Cluster; file: string; env?: Record<string, string> },
  change: Partial<DiagnosisRequest> & { answer?: Answer; context?: Partial<RunContext>; learned?: string } = {},
): Promise<{ readonly files: ReadonlyMap<string, string>; readonly missing: string; readonly listed: object }> {
  const { answer = () => '', context = {}, learned, ...request } = change;
  const base = world.context(cluster);
  const remote = { ...base.remote, host: async (name: string) => answeringHost(name, answer) };
  const diagnosis = await diagnosisOf({
    cluster,
    file: await understood(readFileSync(file, 'utf8'), env, providerSchema),
    env,
    versions: { swarmup: '1.0.0' },
    logs: false,
    inSession: async (onSecret, work) => {
      if (learned !== undefined) onSecret(new Secret(learned));
      await work({ ...base, remote, ...context, signal: new AbortController().signal });
    },
    ...request,
  });
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-diagnosis-'));
  const archive = join(folder, 'a.tar.gz');
  await writeArchive(archive, 'd', diagnosis.files, new Date());
  const files = unpacked(archive);
  const { files: listed } = diagnosis;
  return { files, missing: files.get('missing.txt') ?? '', listed };
}

/** The files in an archive, by their paths in its folder. */
export function unpacked(archive: string): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-unpacked-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const files = all.filter((name) => statSync(join(folder, name)).isFile());
    return new Map(files.map((name) => [name.replace(/^[^/]+\//, ''), readFileSync(join(folder, name), 'utf8')]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
