import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deployStack, type Deployment } from '../../lib/swarm/stack-deploy.ts';
import { hasCode, type SwarmupError } from '../../lib/util/errors.ts';
import { dockerStandIn, dockerWith, localManager, stackOn } from '../support/deploying.ts';
import { RecordingManager } from '../support/recording-manager.ts';
import { hasOracle } from './docker.ts';

const NONE: Deployment = {
  additions: [],
  objects: { secrets: new Map(), configs: new Map() },
  resolveImage: 'never',
  home: undefined,
};

const engine = new RecordingManager();
beforeAll(() => engine.listen());
beforeEach(() => engine.reset());
afterAll(() => engine.close());

/** The error of a stack that the real docker deploys to an engine which refuses something. */
async function refusal(text: string, sent = text, bin = dockerWith(engine.socket)): Promise<SwarmupError> {
  const { stack } = stackOn({
    files: { 'app/stack.yml': text, 'app/a.txt': 'a' },
    compose: ['app/stack.yml'],
    references: text.includes('a.txt') ? [['config', 'a.txt']] : [],
    more: { name: 'app' },
  });
  const files = stack.files.map((file) => ({ ...file, text: sent }));
  const version = /^version: "([\d.]+)"/m.exec(sent)?.[1];
  const { host } = localManager(bin);
  const error: unknown = await deployStack(
    host,
    { ...stack, files, ...(version === undefined ? {} : { version }) },
    NONE,
    new AbortController().signal,
  ).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!hasCode(error, 'STACK_INVALID', 'ENGINE_REFUSED', 'ENGINE_UNREACHABLE', 'DISK_FULL'))
    throw new Error(String(error));
  return error;
}

const INVALID = 'rpc error: code = InvalidArgument desc = ';

const STACK = `# The shop.
services:
  web:
    image: nginx
    ports: ["80:80"]
    configs: [hello]
    networks: [front]
configs:
  hello: { file: a.txt }
networks:
  front:
`;

/** What the engine answers, from the sources that lib/swarm/refusals/engine-words.ts names. */
describe.runIf(hasOracle)('what the engine refuses of a stack', () => {
  it.each([
    [
      'a port of another service',
      'POST /services/create',
      `${INVALID}port '80' is already in use by service 'edge' (p8qcmhmbxq2fbc7k8co5hlfnc) as an ingress port`,
      {
        code: 'STACK_INVALID',
        message: 'stack app: app/stack.yml:5:5: service app_web: port 80 belongs to the service edge',
        fix: 'Publish another port; or, if that service is no longer needed: swarmup ssh manager1 -- sudo docker service rm edge',
      },
    ],
    [
      'content that changed',
      'POST /configs/id-of-app_hello/update',
      `${INVALID}only updates to Labels are allowed`,
      {
        code: 'STACK_INVALID',
        message:
          'stack app: app/stack.yml:9:3: config app_hello: its content is another one now, and Swarm never changes the content of a config',
        fix: expect.stringContaining('below configs.hello: name: app_hello_2'),
      },
    ],
    [
      'a network whose name is taken',
      'POST /networks/create',
      'network with name app_front already exists',
      {
        code: 'STACK_INVALID',
        message: expect.stringMatching(
          /^stack app: app\/stack\.yml:11:\d+: network app_front: there is a network app_front already, which is not of this stack$/,
        ),
        fix: expect.stringContaining('swarmup ssh manager1 -- sudo docker network rm app_front'),
      },
    ],
    [
      'a network that is being removed',
      'POST /services/create',
      'network app_front not found',
      {
        code: 'ENGINE_REFUSED',
        message: expect.stringContaining('the network app_front has been removed, and this manager still knows it'),
        transient: true,
      },
    ],
    [
      'a service of somebody else',
      'POST /services/create',
      'rpc error: code = AlreadyExists desc = name conflicts with an existing object: service app_web already exists',
      {
        code: 'STACK_INVALID',
        message: expect.stringContaining('app/stack.yml:3:3: service app_web: there is a service app_web already'),
        fix: expect.stringContaining('sudo docker service rm app_web'),
      },
    ],
    [
      'another mode',
      'POST /services/create',
      'rpc error: code = Unimplemented desc = service mode change is not allowed',
      {
        code: 'STACK_INVALID',
        fix: expect.stringContaining('swarmup ssh manager1 -- sudo docker service rm app_web'),
      },
    ],
    [
      'too little memory',
      'POST /services/create',
      `${INVALID}invalid memory value 64: Must be at least 4MiB`,
      {
        code: 'STACK_INVALID',
        message: expect.stringContaining('service app_web: its memory is 64, less than 4MiB'),
      },
    ],
    [
      'anything else that is invalid',
      'POST /services/create',
      `${INVALID}something new`,
      { code: 'STACK_INVALID', message: 'stack app: app/stack.yml:3:3: service app_web: something new' },
    ],
    [
      'a change in between',
      'POST /services/create',
      'rpc error: code = Unknown desc = update out of sequence',
      { code: 'ENGINE_REFUSED', transient: true, message: expect.stringContaining('something else changed it') },
    ],
    [
      'anything while the managers elect a leader',
      'POST /services/create',
      "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
      { code: 'ENGINE_REFUSED', transient: true, message: expect.stringContaining('The swarm does not have a leader') },
    ],
  ])('%s', async (_title, request, words, expected) => {
    engine.configs.push({ ID: 'id-of-app_hello', Spec: { Name: 'app_hello' } });
    engine.refused.set('POST /configs/id-of-app_hello/update', 'unexpected');
    engine.refused.set(request, words);
    if (!request.includes('/configs/')) engine.configs.length = 0;
    const error = await refusal(STACK);
    expect(error).toMatchObject(expected);
    expect(error.output).toContain(words);
    expect(error.message).not.toContain('umask');
    expect(engine.unexpected).toEqual([]);
  });
});

const GOOD = 'services: { web: { image: nginx } }\n';

describe.runIf(hasOracle)('what docker’s client refuses of a stack', () => {
  it.each([
    [
      'an external network that the swarm does not have',
      'services: { web: { image: nginx, networks: [proxy] } }\nnetworks:\n  proxy: { external: true }\n',
      {
        code: 'STACK_INVALID',
        message: 'stack app: s.yml:3:3: the swarm has no network proxy, which is declared external',
        fix: 'Add proxy to networks of the cluster file, or remove external.',
      },
    ],
    [
      'an external network by another name',
      'services: { web: { image: nginx, networks: [proxy] } }\nnetworks:\n  proxy: { external: true, name: edge }\n',
      {
        code: 'STACK_INVALID',
        message: 'stack app: s.yml:3:3: the swarm has no network edge, which is declared external',
      },
    ],
    [
      'an external secret that the swarm does not have',
      'services: { web: { image: nginx, secrets: [key] } }\nsecrets:\n  key: { external: true }\n',
      {
        code: 'STACK_INVALID',
        message: 'stack app: s.yml:3:3: the swarm has no secret key',
        fix: expect.stringContaining('swarmup ssh manager1 -- sudo docker secret create key -'),
      },
    ],
  ])('%s', async (_title, text, expected) => {
    const error = await refusal(text);
    const { message } = expected;
    expect(error).toMatchObject({ ...expected, message: message.replace('s.yml', 'app/stack.yml') });
  });

  it.each([
    [
      'a key that it does not know',
      'services:\n  web:\n    image: nginx\n    foo: 1\n',
      'stack app: app/stack.yml:4:10: Docker knows no key foo here',
    ],
    [
      'a section that it does not know',
      'foo: 1\nservices: { web: { image: nginx } }\n',
      /Docker knows no section foo$/,
    ],
    [
      'a value of another type',
      'services:\n  web:\n    image: nginx\n    ports:\n      - [1]\n',
      /^stack app: app\/stack\.yml:5:\d+: must be/,
    ],
    [
      'a variable that it cannot read',
      'services:\n  web:\n    image: nginx\n    hostname: "${A B}"\n',
      "stack app: app/stack.yml:4:15: Docker can't read the variable here",
    ],
    [
      'a variable that is not set',
      'services:\n  web:\n    image: nginx\n    hostname: "${A:?set A}"\n',
      /^stack app: app\/stack\.yml:4:15: required variable A is missing a value: set A$/,
    ],
    [
      'a network that is not defined',
      'services:\n  web:\n    image: nginx\n    networks: [back]\n',
      "stack app: app/stack.yml:4:5: the service web uses the network back, which the file doesn't define",
    ],
    [
      'a service without an image',
      'services:\n  web: { hostname: a }\n',
      /^stack app: app\/stack\.yml:2:\d+: the image of the service web: no image specified$/,
    ],
    ['a version of the future', 'version: "3.99"\nservices: { web: { image: a } }\n', /reads no version 3\.99/],
    ['a key of docker run', 'services:\n  web: { image: a, links: [b], volume_driver: x }\n', /volume_driver/],
  ])('%s', async (_title, sent, message) => {
    // As swarmup reads the files as docker 28 does, only another docker can refuse them.
    const error = await refusal(GOOD, sent);
    expect(error.code).toBe('STACK_INVALID');
    expect(error.message).toMatch(
      typeof message === 'string' ? new RegExp(`^${message.replace(/[.()]/g, '\\$&')}$`) : message,
    );
    expect(error.output).not.toMatch(/swarmup-stack|\/proc\/self/);
  });
});

describe.runIf(hasOracle)('a manager that can’t deploy', () => {
  it('is no manager any more: another one is asked', async () => {
    engine.isManager = false;
    expect(await refusal(GOOD)).toMatchObject({
      code: 'ENGINE_REFUSED',
      message: 'stack app: manager1 is no longer a manager',
      transient: true,
    });
  });

  it('has an engine that doesn’t answer', async () => {
    expect(await refusal(GOOD, GOOD, dockerWith(`${engine.socket}.gone`))).toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: "stack app: the Docker Engine of manager1 doesn't answer",
      fix: 'Check whether it runs: swarmup ssh manager1 -- systemctl status docker',
    });
  });

  it.each([
    [
      "docker: 'stack' is not a docker command.",
      'ENGINE_REFUSED',
      'manager1 has no docker command that deploys stacks',
    ],
    [
      'neither /run nor /dev/shm is in memory, so nowhere to put secrets',
      'ENGINE_REFUSED',
      'manager1 has no folder in memory, where secrets belong',
    ],
    [
      'tar: 3: Cannot write: No space left on device',
      'DISK_FULL',
      "manager1 has no room for the stack's files in memory",
    ],
  ])('says %j', async (words, code, cause) => {
    const error = await refusal(GOOD, GOOD, dockerStandIn(`echo "${words}" >&2; exit 1`));
    expect(error).toMatchObject({ code, message: `stack app: ${cause}`, output: words });
  });
});
