import { basename, resolve } from 'node:path';
import { diagnosisOf } from '../../diagnose/diagnosis.ts';
import { requireFree, writeArchive } from '../../diagnose/archive.ts';
import { confirm } from '../../render/confirm.ts';
import { diagnosisJson, diagnosisText } from '../../render/diagnosis.ts';
import { plural } from '../../render/format.ts';
import { print, printJson, writeStderr } from '../../render/output.ts';
import { understandCluster } from '../../session/understand.ts';
import { quote } from '../../util/shell-quote.ts';
import { shortPath } from '../short-path.ts';
import type { CommonOptions } from '../options.ts';
import { withSession } from '../session.ts';
import { version } from '../version.ts';

export interface DiagnoseOptions extends CommonOptions {
  readonly output?: string;
  readonly logs?: boolean;
}

/** One archive with what somebody who helps needs, without secrets. @returns 1 when the user doesn't want it written */
export async function diagnose(options: DiagnoseOptions): Promise<number> {
  const { cluster, file } = await understandCluster(options.file);
  const now = new Date();
  const name = `${cluster.name}-diagnosis-${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  const archive = resolve(options.output ?? `${name}.tar.gz`);
  await requireFree(archive);
  if (!options.json && options.renderer !== 'silent')
    writeStderr(`asking ${plural(cluster.nodes.length, 'node')}...\n`);
  const { acceptNew, logs = false } = options;
  const diagnosis = await diagnosisOf({
    cluster,
    file,
    env: process.env,
    versions: { swarmup: version(), 'Node.js': process.versions.node, system: `${process.platform} ${process.arch}` },
    logs,
    // Without `yes`: it would allow the installation of packages.
    inSession: (onSecret, work) =>
      withSession(cluster, { acceptNew, asRoot: true, onSecret }, ({ context, signal }) =>
        work({ ...context, signal }),
      ),
  });
  if (!options.json) print(`${diagnosisText(diagnosis)}\n`);
  const question = `Write these ${plural(diagnosis.files.length, 'file')} to ${shortPath(archive)}?`;
  if (options.json && !options.yes) writeStderr(`${diagnosisText(diagnosis)}\n`);
  const agreed = options.yes === true || (await confirm(question));
  if (agreed) await writeArchive(archive, name, diagnosis.files, now);
  if (options.json) printJson(diagnosisJson(diagnosis, agreed ? archive : undefined));
  else if (agreed)
    print(`${shortPath(archive)}\nLook through it before you pass it on: tar -xzf ${quote([basename(archive)])}\n`);
  return agreed ? 0 : 1;
}
