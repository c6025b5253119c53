import type { ObjectSpec } from '../lib/config/model.ts';
import { SwarmupError } from '../lib/util/errors.ts';
import { OWNER_LABEL } from '../lib/swarm/labels.ts';
import { listObjects, OBJECT_LABEL } from '../lib/swarm/secrets-and-configs.ts';
import { explained } from '../lib/swarm/refusals/api-refusal.ts';
import { defineTask } from '../lib/pipeline/task.ts';
import { created, type Change } from '../lib/contracts/change.ts';
import type { Desired } from '../lib/contracts/target.ts';

interface State {
  readonly there: boolean;
}

/** Creates secrets and configs, each under a name that depends on its content: one in use is never changed. */
export default defineTask<State, Change>({
  id: 'create-objects',
  title: 'Secrets and configs created',
  about: 'Creates secrets and configs; new content becomes a new one, to which services then move.',
  needs: [{ task: 'configure-nodes', of: 'all', tolerant: true }, 'upgrade-docker'],
  targets: (cluster) => cluster.objects.map(({ kind, name }) => ({ id: `${kind} ${name}` })),
  check: async (ctx) => {
    const { kind, fullName } = wantedObject(ctx);
    const all = await listObjects(await ctx.swarm.manager(ctx.signal));
    return { there: all.some((one) => one.kind === kind && one.name === fullName) };
  },
  absent: () => ({ there: false }),
  plan: ({ there }, desired) => {
    const { kind, name, fullName } = wantedObject(desired);
    return there ? [] : [created([`${kind}s`, name], fullName)];
  },
  apply: async (ctx) => {
    const { kind, name, fullName, data } = wantedObject(ctx);
    const manager = await ctx.swarm.manager(ctx.signal);
    if (!data)
      throw new SwarmupError('OBJECT_ABSENT', `the swarm has no ${kind} ${name}, which is declared external`, {
        fix: `Create it: printf VALUE | swarmup ssh ${manager.node} -- sudo docker ${kind} create ${name} -; or set its file or value.`,
      });
    const labels = { [OWNER_LABEL]: ctx.cluster.name, [OBJECT_LABEL]: name };
    const body = { Name: fullName, Data: data.reveal(), Labels: labels };
    await explained(manager, { kind, name: fullName, key: name, file: ctx.cluster.file }, () =>
      manager.call(`create the ${kind} ${fullName}`, (docker) =>
        kind === 'secret' ? docker.createSecret(body) : docker.createConfig(body),
      ),
    );
  },
});

function wantedObject({ cluster, target }: Desired): ObjectSpec {
  const wanted = cluster.objects.find(({ kind, name }) => `${kind} ${name}` === target.id);
  if (!wanted) throw new Error(`no ${target.id} in the cluster file`);
  return wanted;
}
