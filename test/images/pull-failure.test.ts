import { describe, expect, it } from 'vitest';
import { pullError, pullFailure, type Pulled } from '../../lib/images/pull/failure.ts';
import { spaceIn } from '../../lib/images/pull/free-space.ts';

const D = 'a'.repeat(64);
const NGINX: Pulled = { image: 'nginx:1.27', node: 'w1' };
const APP: Pulled = { image: 'registry.test:5000/team/app:2', node: 'w1' };
const CLUSTER_KEY = 'images: { registryAuth: true }';

interface Case {
  /** The engine's words. */
  readonly words: string;
  readonly of?: Pulled;
  readonly cause: string;
  /** What the fix contains. */
  readonly fix: readonly string[];
  readonly code?: 'DISK_FULL';
  readonly transient?: true;
}

/**
 * The words come from moby (daemon/internal/distribution for graph drivers, daemon/containerd for containerd's image
 * store), containerd (core/remotes/docker, core/unpack), distribution (registry/api), Go's net and crypto/x509, and
 * from issues of docker/hub-feedback and moby that quote them.
 */
const CASES: Readonly<Record<string, Case>> = {
  'the rate limit of Docker Hub': {
    words:
      'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    cause: 'the pull rate limit of Docker Hub is reached, which counts pulls without a login by address',
    fix: ['Log in here (docker login) and set', CLUSTER_KEY, 'docker: { daemon: { registry-mirrors: [URL] } }'],
  },
  'the same in its older words': {
    words:
      'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
    cause: 'the pull rate limit of Docker Hub is reached, which counts pulls without a login by address',
    fix: [CLUSTER_KEY],
  },
  'the same in containerd’s words': {
    words: `failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:${D}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`,
    cause: 'the pull rate limit of Docker Hub is reached, which counts pulls without a login by address',
    fix: [CLUSTER_KEY],
  },
  'the same from containerd’s image store': {
    words:
      'error from registry: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    cause: 'the pull rate limit of Docker Hub is reached, which counts pulls without a login by address',
    fix: [CLUSTER_KEY],
  },
  'an account’s rate limit': {
    words:
      "toomanyrequests: You have reached your pull rate limit as 'team': dckr_jti_x. You may increase the limit by upgrading.",
    of: { ...NGINX, hasLogin: true },
    cause: 'the pull rate limit of Docker Hub is reached by this account',
    fix: ['Wait up to six hours', 'registry-mirrors'],
  },
  'another registry’s limit': {
    words: 'toomanyrequests: Rate exceeded',
    of: { image: 'public.ecr.aws/nginx/nginx:1', node: 'w1' },
    cause: 'public.ecr.aws limits how often it is asked',
    fix: ['Run again in a minute', 'docker login public.ecr.aws'],
    transient: true,
  },
  'a limit without a reason': {
    words: 'error parsing HTTP 429 response body: unexpected end of JSON input: ""',
    cause: 'registry-1.docker.io limits how often it is asked',
    fix: ['Run again'],
    transient: true,
  },
  'a full disk under a graph driver': {
    words: 'failed to register layer: write /usr/lib/python3/dist-packages/x.so: no space left on device',
    cause: 'the disk of w1 is full',
    fix: ['swarmup ssh w1 -- sudo docker system df', 'swarmup ssh w1 -- sudo docker image prune --all --force'],
    code: 'DISK_FULL',
  },
  'a full disk of an old engine': {
    words:
      'failed to register layer: Error processing tar file(exit status 1): write /lib/x86_64-linux-gnu/libdns-export.so.162.1.3: no space left on device',
    cause: 'the disk of w1 is full',
    fix: ['sudo docker system df'],
    code: 'DISK_FULL',
  },
  'a full disk while downloading': {
    words: 'write /var/lib/docker/tmp/GetImageBlob217093163: no space left on device',
    cause: 'the disk of w1 is full',
    fix: ['sudo docker system df'],
    code: 'DISK_FULL',
  },
  'a full disk under containerd': {
    words: `failed to extract layer (application/vnd.oci.image.layer.v1.tar+gzip sha256:${D}) to overlayfs as "extract-260106421-WDeK sha256:${D}": write /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/105/fs/x: no space left on device`,
    cause: 'the disk of w1 is full',
    fix: ['sudo docker system df'],
    code: 'DISK_FULL',
  },
  'a damaged disk': {
    words: 'failed to register layer: write /usr/lib/x.so: input/output error',
    cause: "the disk of w1 can't be written",
    fix: ['swarmup ssh w1 -- sudo dmesg --level=err'],
  },
  'a private image, or none': {
    words:
      "pull access denied for team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    of: { image: 'team/app:2', node: 'w1' },
    cause: "Docker Hub doesn't have it, or not for everybody",
    fix: ['Correct the image name', 'log in here (docker login) and set', CLUSTER_KEY],
  },
  'the same from containerd’s image store, with a login': {
    words:
      "pull access denied for registry.test:5000/team/app, repository does not exist or may require 'docker login'",
    of: { ...APP, hasLogin: true },
    cause: "registry.test:5000 doesn't have it, or not for this account",
    fix: ['give the account access'],
  },
  'a registry that forbids it': {
    words:
      'failed to resolve reference "registry.test:5000/team/app:2": unexpected status from HEAD request to https://registry.test:5000/v2/team/app/manifests/2: 403 Forbidden',
    of: APP,
    cause: "registry.test:5000 doesn't have it, or not for everybody",
    fix: ['docker login registry.test:5000'],
  },
  'no login': {
    words: 'Head "https://registry.test:5000/v2/team/app/manifests/2": no basic auth credentials',
    of: APP,
    cause: 'registry.test:5000 wants a login, and the node has none',
    fix: ['Log in here (docker login registry.test:5000)', CLUSTER_KEY],
  },
  'a wrong login': {
    words: 'unauthorized: incorrect username or password',
    of: { ...NGINX, hasLogin: true },
    cause: 'Docker Hub refuses the login',
    fix: ['docker login'],
  },
  'an expired token': {
    words: 'denied: Your authorization token has expired. Reauthenticate and try again.',
    of: { image: '1.dkr.ecr.eu-west-1.amazonaws.com/app:1', node: 'w1', hasLogin: true },
    cause: '1.dkr.ecr.eu-west-1.amazonaws.com refuses the login',
    fix: ['docker login 1.dkr.ecr.eu-west-1.amazonaws.com', 'may have expired'],
  },
  'a registry that asks who it is': {
    words: 'unauthorized: authentication required',
    of: APP,
    cause: "registry.test:5000 doesn't have it, or not for everybody",
    fix: ['docker login registry.test:5000'],
  },
  'a wrong tag': {
    words: 'manifest for nginx:nope not found: manifest unknown: manifest unknown',
    of: { ...NGINX, image: 'nginx:nope' },
    cause: 'Docker Hub has no image of this name and tag',
    fix: ['Correct the name or the tag of nginx:nope'],
  },
  'a wrong tag in containerd’s words': {
    words: 'failed to resolve reference "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found',
    of: { ...NGINX, image: 'nginx:nope' },
    cause: 'Docker Hub has no image of this name and tag',
    fix: ['Correct the name or the tag of nginx:nope'],
  },
  'a wrong name': {
    words: 'repository registry.test:5000/team/app not found: name unknown: repository name not known to registry',
    of: APP,
    cause: 'registry.test:5000 has no image of this name and tag',
    fix: ['or push it there'],
  },
  'another platform': {
    words: 'no matching manifest for linux/arm64/v8 in the manifest list entries',
    of: { ...NGINX, platforms: ['linux/amd64', 'linux/386'] },
    cause: "it isn't made for the platform of w1, linux/arm64/v8, only for linux/amd64, linux/386",
    fix: ['docker buildx build --platform', 'constraints: [node.platform.arch == x86_64]'],
  },
  'another platform in containerd’s words': {
    words:
      'no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not found',
    of: { ...NGINX, platforms: ['linux/arm64/v8'] },
    cause: "it isn't made for the platform of w1, linux/amd64, only for linux/arm64/v8",
    fix: ['constraints: [node.platform.arch == aarch64]'],
  },
  'a loaded image of another platform': {
    words:
      'image with reference nginx:1.27 was found but its platform (linux/arm64) does not match the specified platform (linux/amd64)',
    cause: "it isn't made for the platform of w1, linux/amd64",
    fix: ['Use an image for that platform'],
  },
  'a loaded image of another platform, under containerd': {
    words:
      'image with reference docker.io/library/nginx:1.27 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
    cause: "it isn't made for the platform of w1, linux/arm64",
    fix: ['Use an image for that platform'],
  },
  'a format that was removed': {
    words:
      'Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed. Suggest the author of quay.io/a/b:1 to upgrade the image to the OCI Format or Docker Image manifest v2, schema 2. More information at https://docs.docker.com/go/deprecated-image-specs/',
    of: { image: 'quay.io/a/b:1', node: 'w1' },
    cause: 'it has a format of before 2017 (schema 1), which Docker no longer reads',
    fix: ['Use a newer tag'],
  },
  'no image': {
    words: 'Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching',
    cause: 'it is no container image, but something else that registries keep',
    fix: ['Correct the image name'],
  },
  'an unknown authority': {
    words:
      'Get "https://registry.test:5000/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    of: APP,
    cause: "w1 doesn't know the authority that signed the certificate of registry.test:5000",
    fix: ['/etc/docker/certs.d/registry.test:5000/ca.crt', "insecure-registries: ['registry.test:5000']"],
  },
  'a certificate for another name': {
    words:
      'Get "https://10.0.0.2:5000/v2/": x509: cannot validate certificate for 10.0.0.2 because it doesn\'t contain any IP SANs',
    of: { image: '10.0.0.2:5000/app', node: 'w1' },
    cause: 'the certificate of 10.0.0.2:5000 is for another name',
    fix: ['give the registry a certificate for 10.0.0.2:5000'],
  },
  'a clock behind': {
    words:
      'Get "https://registry-1.docker.io/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:10Z is before 2026-03-01T00:00:00Z',
    cause:
      'the certificate of registry-1.docker.io is valid only from 2026-03-01T00:00:00Z, and the clock of w1 says 2020-01-01T00:00:10Z',
    fix: ['swarmup ssh w1 -- timedatectl'],
  },
  'an expired certificate': {
    words:
      'Get "https://registry.test:5000/v2/": x509: certificate has expired or is not yet valid: current time 2026-11-27T10:00:00Z is after 2026-11-01T00:00:00Z',
    of: APP,
    cause:
      'the certificate of registry.test:5000 is valid only until 2026-11-01T00:00:00Z, and the clock of w1 says 2026-11-27T10:00:00Z',
    fix: ['timedatectl', 'a new certificate'],
  },
  'a registry without encryption': {
    words: 'Get "https://registry.test:5000/v2/": http: server gave HTTP response to HTTPS client',
    of: APP,
    cause: 'registry.test:5000 speaks HTTP without encryption, which Docker refuses',
    fix: ["docker: { daemon: { insecure-registries: ['registry.test:5000'] } }"],
  },
  'a proxy that is down': {
    words:
      'Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 10.0.2.2:3128: connect: connection refused',
    cause: "the proxy of w1 doesn't connect to registry-1.docker.io",
    fix: ['docker.proxy', `swarmup ssh w1 -- sudo docker info --format "'{{.HTTPSProxy}} {{.NoProxy}}'"`],
  },
  'a proxy that wants a password': {
    words: 'Get "https://registry-1.docker.io/v2/": Proxy Authentication Required',
    cause: "the proxy of w1 doesn't connect to registry-1.docker.io",
    fix: ['docker.proxy'],
  },
  'no address': {
    words: 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: no such host',
    cause: 'w1 finds no address for registry-1.docker.io',
    fix: ['swarmup ssh w1 -- getent hosts registry-1.docker.io', 'images.load'],
  },
  'a name server that is silent': {
    words:
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup auth.docker.io on 10.0.2.3:53: read udp 10.0.2.15:33721->10.0.2.3:53: i/o timeout',
    cause: 'w1 finds no address for auth.docker.io',
    fix: ['getent hosts auth.docker.io'],
  },
  'a registry that refuses': {
    words: 'Get "http://10.0.2.2:5000/v2/": dial tcp 10.0.2.2:5000: connect: connection refused',
    of: { image: '10.0.2.2:5000/app', node: 'w1' },
    cause: '10.0.2.2:5000 refuses connections from w1',
    fix: ['curl -sSI https://10.0.2.2:5000/v2/', 'images.load'],
  },
  'no way there': {
    words: 'Get "https://registry-1.docker.io/v2/": dial tcp 3.94.224.37:443: connect: network is unreachable',
    cause: 'w1 has no way to registry-1.docker.io',
    fix: ['docker.proxy'],
  },
  'no answer': {
    words: 'Get "https://registry-1.docker.io/v2/": dial tcp 3.94.224.37:443: i/o timeout',
    cause: "registry-1.docker.io doesn't answer w1",
    fix: ['docker.proxy'],
  },
  'no answer in time': {
    words:
      'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    cause: "registry-1.docker.io doesn't answer w1",
    fix: ['docker.proxy'],
  },
  'encryption that hangs': {
    words: 'Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
    cause: 'registry-1.docker.io stopped answering w1 while encryption was set up',
    fix: ['MTU'],
    transient: true,
  },
  'an end without an answer': {
    words: 'Get "https://registry-1.docker.io/v2/": EOF',
    cause: 'the connection of w1 to registry-1.docker.io ended too early',
    fix: ['Run again'],
    transient: true,
  },
  'an end in the middle': {
    words: 'error pulling image configuration: download failed after attempts=6: unexpected EOF',
    cause: 'the connection of w1 to registry-1.docker.io ended too early',
    fix: ['Run again'],
    transient: true,
  },
  'a reset': {
    words:
      'error pulling image configuration: download failed after attempts=6: read tcp 10.0.2.15:51518->104.16.98.215:443: read: connection reset by peer',
    cause: 'the connection of w1 to registry-1.docker.io ended too early',
    fix: ['Run again'],
    transient: true,
  },
  'a failure of the registry': {
    words: 'received unexpected HTTP status: 503 Service Unavailable',
    cause: 'registry-1.docker.io has a failure of its own',
    fix: ['Run again'],
    transient: true,
  },
  'a failure of the registry in containerd’s words': {
    words:
      'failed to resolve reference "docker.io/library/nginx:1.27": unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests/1.27: 502 Bad Gateway',
    cause: 'registry-1.docker.io has a failure of its own',
    fix: ['Run again'],
    transient: true,
  },
  'another server': {
    words:
      'error parsing HTTP 404 response body: invalid character \'<\' looking for beginning of value: "<html><head><title>404 Not Found</title></head>"',
    of: APP,
    cause: "registry.test:5000 doesn't answer like a registry (status 404)",
    fix: ['curl -sSi https://registry.test:5000/v2/'],
  },
  'damaged content': {
    words: `filesystem layer verification failed for digest sha256:${D}`,
    cause: 'its content was damaged on the way: its digest is another one',
    fix: ['Run again'],
    transient: true,
  },
  'damaged content under containerd': {
    words: `failed commit on ref "layer-sha256:${D}": unexpected commit digest sha256:${'b'.repeat(64)}, expected sha256:${D}: failed precondition`,
    cause: 'its content was damaged on the way: its digest is another one',
    fix: ['Run again'],
    transient: true,
  },
};

describe('an engine’s words about a pull', () => {
  it.each(Object.entries(CASES))('%s', (_title, { words, of = NGINX, cause, fix, code, transient = false }) => {
    const found = pullFailure(words, of);
    expect(found).toMatchObject({ cause, code: code ?? 'IMAGE_UNREACHABLE', transient });
    expect(found.message).toContain(`w1: ${of.image} can't be pulled: ${cause} (`);
    for (const part of fix) expect(found.fix).toContain(part);
    expect(found.fix).not.toMatch(/undefined|\.\.(?!\.)/);
  });

  it('that nobody knows are told as they are, with what usually helps', () => {
    const error = pullError('a new\nmessage', NGINX);
    expect(error.message).toBe("w1: nginx:1.27 can't be pulled: a new message");
    expect(error.fix).toContain('images.load');
    expect(pullFailure('No such image: nginx:1.27', NGINX).cause).toBeUndefined();
  });

  it('are cut when a server sends a page', () => {
    expect(pullFailure(`denied: ${'<p>'.repeat(1000)}`, NGINX).message.length).toBeLessThan(500);
  });

  it('can’t put words into a command', () => {
    const { fix } = pullFailure('dial tcp: lookup a;reboot on 10.0.0.1:53: no such host', NGINX);
    expect(fix).toContain(`getent hosts "'a;reboot'"`);
  });
});

describe('the space on a full disk', () => {
  // The format of POSIX, as df of coreutils prints it with -P.
  const BLOCKS = `Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda          10190100 10176200     13900     100% /
`;
  it.each([
    [BLOCKS, '/dev/vda 16777216 539303 16237913 4% /\n', '/var/lib/docker has 13 of 9951 MiB free'],
    [BLOCKS, '/dev/vda 655360 655350 10 100% /\n', '/var/lib/docker has 13 of 9951 MiB free, and 10 of 655360 inodes'],
    [BLOCKS, '/dev/vda 0 0 0 - /\n', '/var/lib/docker has 13 of 9951 MiB free'],
    ['nothing', '', undefined],
  ])('is told from what df prints', (blocks, inodes, expected) => {
    expect(spaceIn('/var/lib/docker', blocks, inodes)).toBe(expected);
  });
});
