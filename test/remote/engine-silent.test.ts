import type Docker from 'dockerode';
import { expect, it } from 'vitest';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { strict } from '../fakes/strict.ts';

it('a request to an engine that never answers times out', async () => {
  const docker = strict<Docker>('Docker Engine', { listNodes: () => new Promise(() => undefined) });
  const engine = new DockerEngine('m1', docker, () => undefined);
  const asked = engine.call('list the nodes', (api) => api.listNodes(), { withinMs: 10 });
  await expect(asked).rejects.toMatchObject({
    code: 'ENGINE_SILENT',
    message: "m1: couldn't list the nodes: the Docker Engine didn't answer within 0 s",
    transient: true,
  });
});
