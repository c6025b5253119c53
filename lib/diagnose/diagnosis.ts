import type { Cluster } from '../config/model.ts';
import type { Abortable, RunContext } from '../contracts/context.ts';
import type { Stage } from '../record/timeline.ts';
import { asSwarmupError } from '../util/errors.ts';
import type { Secret } from '../util/secret.ts';
import { StateFolder } from '../util/state-folder.ts';
import { withoutValues } from './cluster-file.ts';
import { collect } from './collect.ts';
import { seal, type SealedDiagnosis } from './gate.ts';
import { addLastRun } from './last-run.ts';
import { Parts } from './parts.ts';
import { keptSecrets, registrySecrets, secretsHere } from './secrets.ts';

/** What a session offers to a diagnosis. */
type Opened = Abortable & Pick<RunContext, 'cluster' | 'provider' | 'machines' | 'remote' | 'clock' | 'images'>;

export interface DiagnosisRequest {
  readonly cluster: Cluster;
  /** The cluster file as swarmup understands it, with secrets as `***`. */
  readonly file: Readonly<Record<string, unknown>>;
  /** The environment of the command: variables in it may be secret. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The last lines of the services' output, and what errors quote of it. */
  readonly logs: boolean;
  /** Opens a session. @param onSecret gets the secrets that it reads */
  readonly inSession: (onSecret: (secret: Secret) => void, work: (opened: Opened) => Promise<void>) => Promise<void>;
}

const NOTES = [
  'Never in it: values of variables, arguments of running containers, labels of services, contents of secrets and configs, keys, tokens.',
  'In it, as they are needed: names, addresses and host names of machines, images, and paths on this computer.',
];
const WITHOUT_LOGS = 'The output of containers is not in it (--logs adds the last lines of each service).';
const WITH_LOGS =
  'The last lines of the output of containers are in it (--logs). Only known secrets and those with a known shape are masked there: read them first.';

/**
 * Collects a diagnosis. Whatever doesn't answer is missing in it; only an interrupt is an error.
 *
 * @throws SwarmupError INTERRUPTED
 */
export async function diagnosisOf(request: DiagnosisRequest): Promise<SealedDiagnosis> {
  const { cluster, file, env, versions, logs } = request;
  const parts = new Parts();
  const state = new StateFolder(cluster.stateDir);
  const secrets = [...secretsHere(cluster, file, env), ...(await keptSecrets({ cluster, state, env }))];
  parts.add(['versions.json'], 'this computer: versions', versions);
  parts.add(['cluster-file.json'], 'swarmup config', withoutValues(file));
  const stages = await addLastRun(cluster.stateDir, logs, parts);
  await addMachines(request, stages, { parts, learn: (secret) => secrets.push(secret) });
  return seal(cluster.name, parts, secrets, [...NOTES, logs ? WITH_LOGS : WITHOUT_LOGS]);
}

interface Desk {
  readonly parts: Parts;
  readonly learn: (secret: Secret) => void;
}

/** Provider, credentials or host keys may be the reason why help is needed: then only the machines are missing. */
async function addMachines(
  { inSession, logs }: DiagnosisRequest,
  stages: readonly Stage[],
  { parts, learn }: Desk,
): Promise<void> {
  try {
    await inSession(learn, async (opened) => {
      for (const secret of await registrySecrets(opened)) learn(secret);
      for (const secret of await collect(opened, { logs, stages }, parts)) learn(secret);
    });
  } catch (thrown) {
    const error = asSwarmupError(thrown);
    if (error.code === 'INTERRUPTED') throw error;
    parts.miss('the machines and the swarm', error);
  }
}
