import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type Docker from 'dockerode';
import { DockerEngine } from '../../lib/remote/engine.ts';
import { afterOldNetworks } from '../../lib/swarm/old-networks.ts';
import { explained, type Asked } from '../../lib/swarm/refusals/api-refusal.ts';
import { removalRefusal } from '../../lib/swarm/refusals/removal-refusal.ts';
import { SwarmupError } from '../../lib/util/errors.ts';
import { fakeClock } from '../fakes/clock.ts';
import { engineError, strict } from '../fakes/strict.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-refusals-'));
const file = join(folder, 'swarmup.yaml');
writeFileSync(
  file,
  `name: shop
services:
  web:
    image: nginx
    ports: ['80:80']
networks: { back: {} }
secrets:
  key: { value: a }
`,
);
const quiet = () => undefined;
const INVALID = 'rpc error: code = InvalidArgument desc = ';

/** The error of a request that an engine refuses. */
async function refusal(asked: Omit<Asked, 'file'>, words: string): Promise<unknown> {
  const engine = new DockerEngine('m1', strict<Docker>('docker', {}), quiet);
  const request = () => engine.call('create it', () => Promise.reject(engineError(400, words)));
  return explained(engine, { ...asked, file }, request).catch((error: unknown) => error);
}

/** Words of swarmkit, manager/controlapi, and of moby, daemon/cluster. */
describe('what a manager refuses of the cluster file', () => {
  const web = { kind: 'service', name: 'web' } as const;
  it.each<[Omit<Asked, 'file'>, string, string, string]>([
    [
      web,
      `${INVALID}port '80' is already in use by service 'app_front' (p8qcmhmbxq2fbc7k8co5hlfnc) as an ingress port`,
      'swarmup.yaml:5:5: service web: port 80 belongs to the service app_front',
      'swarmup ssh m1 -- sudo docker service rm app_front',
    ],
    [
      web,
      `${INVALID}port '80' is already in use by service 'edge' (p8qcmhmbxq2fbc7k8co5hlfnc) as a host-published port`,
      'swarmup.yaml:5:5: service web: port 80 belongs to the service edge, on the hosts that it runs on',
      'Publish another port',
    ],
    [
      web,
      `${INVALID}invalid memory value 64: Must be at least 4MiB`,
      'swarmup.yaml:3:3: service web: its memory is 64, less than 4MiB',
      '64M',
    ],
    [
      web,
      `${INVALID}EndpointSpec: port published with ingress mode can't be used with dnsrr mode`,
      "swarmup.yaml:3:3: service web: a service without a virtual address (dnsrr) can't publish ports on every node",
      'mode: host',
    ],
    [
      web,
      `${INVALID}secret not found: key-0123`,
      'swarmup.yaml:3:3: service web: the swarm has no secret key-0123',
      'sudo docker secret create key-0123 -',
    ],
    [
      web,
      'rpc error: code = FailedPrecondition desc = service needs ingress network, but no ingress network is present',
      'service web: the swarm has no ingress network, which published ports need',
      'docker network create --driver overlay --ingress ingress',
    ],
    [
      web,
      `${INVALID}ContainerSpec: duplicate mount point: /data`,
      'swarmup.yaml:3:3: service web: two mounts have the same target, /data',
      'Remove one',
    ],
    [
      web,
      `${INVALID}secret references 'a' and 'b' have a conflicting target: 'key'`,
      'swarmup.yaml:3:3: service web: a and b have the same target, key',
      'another target',
    ],
    [
      web,
      'The network compose_default cannot be used with services. Only networks scoped to the swarm can be used, such as those created with the overlay driver.',
      'swarmup.yaml:3:3: service web: the network compose_default is only on one node, and services need one of the swarm',
      'sudo docker network rm compose_default',
    ],
    [
      { kind: 'network', name: 'back' },
      'network with name back already exists',
      'swarmup.yaml:6:13: network back: there is a network back already',
      'swarmup ssh m1 -- sudo docker network rm back',
    ],
    [
      { kind: 'network', name: 'back' },
      `${INVALID}ipam configuration: invalid subnet 10.0.0.0/99`,
      "swarmup.yaml:6:13: network back: its addresses can't be used: invalid subnet 10.0.0.0/99",
      'Correct its subnet',
    ],
    [
      { kind: 'secret', name: 'key-0123', key: 'key' },
      `${INVALID}secret data must be larger than 0 and less than 512000 bytes`,
      'swarmup.yaml:8:3: secret key-0123: its content is empty, or has 512000 bytes or more',
      'another content',
    ],
    [
      { kind: 'secret', name: 'key-0123', key: 'key' },
      `${INVALID}secret 'key-0123' is in use by the following service: web`,
      'secret key-0123: the secret key-0123 is in use by service web',
      'docker service ps web',
    ],
  ])('%o: %s', async (asked, words, message, fix) => {
    expect(await refusal(asked, words)).toMatchObject({
      code: 'ENGINE_REFUSED',
      message,
      fix: expect.stringContaining(fix),
      output: words,
      transient: false,
    });
  });

  it.each([
    'rpc error: code = Unknown desc = update out of sequence',
    'network r7xtd1mk3s0p4v0w1yxkhaznb not found',
    'rpc error: code = NotFound desc = service 8yxkhaznbr7xtd1mk3s0p4v0w not found',
  ])('is tried again after %s', async (words) => {
    expect(await refusal(web, words)).toMatchObject({ transient: true });
  });

  it('is told in its own words when nobody knows them', async () => {
    expect(await refusal(web, 'something new')).toMatchObject({ message: "m1: couldn't create it: something new" });
  });
});

describe('a stack that can’t be removed completely', () => {
  // Recorded from docker 28.2.2, which ends no line of an error.
  it('names what still uses its network, by names', () => {
    const network = 'r7xtd1mk3s0p4v0w1yxkhaznb';
    const service = '8yxkhaznbr7xtd1mk3s0p4v0w';
    const error = new SwarmupError('COMMAND_FAILED', "m1: 'docker stack rm app' ended with exit code 1", {
      fix: 'Correct it.',
      output: `Removing service app_web\nRemoving network app_front\nFailed to remove network ${network}: Error response from daemon: rpc error: code = FailedPrecondition desc = network ${network} is in use by service ${service}failed to remove some resources from stack: app`,
    });
    const names = new Map([
      [network, 'app_front'],
      [service, 'edge'],
    ]);
    expect(removalRefusal('app', error, 'm1', names)).toMatchObject({
      code: 'ENGINE_REFUSED',
      message: 'stack app is not removed completely: the network app_front is in use by service edge',
      fix: 'Remove that service first, or take it off there: swarmup ssh m1 -- sudo docker service ps edge',
    });
  });
});

describe('a stack whose network was just removed', () => {
  const gone = new SwarmupError('ENGINE_REFUSED', 'stack app: ...', {
    fix: 'Run again.',
    output: 'failed to create service app_web: Error response from daemon: network app_default not found',
  });
  /** A manager that lists the old network some times. */
  const manager = (times: number) => {
    let left = times;
    const listNetworks = () =>
      Promise.resolve(left-- > 0 ? [{ Id: 'old', Name: 'app_default', Scope: 'swarm', Driver: 'overlay' }] : []);
    return new DockerEngine('m1', strict<Docker>('docker', { listNetworks: listNetworks as never }), quiet);
  };
  const work = () => ({ signal: new AbortController().signal, clock: fakeClock(), report: quiet });

  it('is deployed again once the manager has forgotten it', async () => {
    const tries: string[] = [];
    await afterOldNetworks(work(), manager(3), () => {
      tries.push('deploy');
      return tries.length === 1 ? Promise.reject(gone) : Promise.resolve();
    });
    expect(tries).toEqual(['deploy', 'deploy']);
  });

  it('is an error when the network stays', async () => {
    const deploying = afterOldNetworks(work(), manager(Number.POSITIVE_INFINITY), () => Promise.reject(gone));
    await expect(deploying).rejects.toMatchObject({
      code: 'TIMED_OUT',
      fix: expect.stringContaining('sudo docker network inspect app_default'),
    });
  });

  it('fails at once for another reason', async () => {
    const other = new SwarmupError('STACK_INVALID', 'no', { fix: 'no', output: 'no' });
    await expect(afterOldNetworks(work(), manager(0), () => Promise.reject(other))).rejects.toBe(other);
  });
});
