import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createPlain } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pullFailure } from '../../lib/images/pull/failure.ts';
import { hasOracle } from '../compose/docker.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarmup-registry-'));

interface Dates {
  readonly from: string;
  readonly to: string;
}

/** A certificate of its own authority, for 127.0.0.1 or for no address. `openssl req` takes no dates before 3.4. */
function certificate(name: string, address: boolean, dates?: Dates): { readonly key: Buffer; readonly cert: Buffer } {
  const at = (ending: string) => join(folder, `${name}.${ending}`);
  const openssl = (...argv: string[]) => execFileSync('openssl', argv, { stdio: 'pipe' });
  writeFileSync(at('index'), '');
  writeFileSync(at('serial'), '01\n');
  const authority = `database = ${at('index')}\nserial = ${at('serial')}\nnew_certs_dir = ${folder}\npolicy = any\n`;
  const rest = 'default_md = sha256\ncopy_extensions = copy\n[any]\ncommonName = supplied\n';
  writeFileSync(at('cnf'), `[ca]\ndefault_ca = own\n[own]\n${authority}${rest}`);
  const san = address ? ['-addext', 'subjectAltName=IP:127.0.0.1'] : [];
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    at('key'),
    '-out',
    at('csr'),
    '-subj',
    `/CN=${name}`,
    ...san,
  );
  const time = dates ? ['-startdate', dates.from, '-enddate', dates.to] : ['-days', '2'];
  const files = ['-keyfile', at('key'), '-in', at('csr'), '-out', at('crt')];
  openssl('ca', '-config', at('cnf'), '-selfsign', '-batch', '-notext', ...files, ...time);
  return { key: readFileSync(at('key')), cert: readFileSync(at('crt')) };
}

/** What a registry answers a request for a manifest of team/NAME: status, type and body. */
const ANSWERS: Readonly<Record<string, readonly [status: number, type: string, body: string]>> = {
  limited: [
    429,
    'application/json',
    errors('TOOMANYREQUESTS', 'You have reached your unauthenticated pull rate limit.'),
  ],
  busy: [429, 'application/json', errors('TOOMANYREQUESTS', 'Rate exceeded')],
  unnamed: [404, 'application/json', errors('NAME_UNKNOWN', 'repository name not known to registry')],
  private: [403, 'application/json', errors('DENIED', 'requested access to the resource is denied')],
  login: [401, 'application/json', errors('UNAUTHORIZED', 'authentication required')],
  down: [503, 'text/plain', 'no'],
  page: [404, 'text/html', '<html><title>404 Not Found</title></html>'],
};

function errors(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

/** What the real client says about a registry or another server, in the words that the engine has of the same packages. */
describe.runIf(hasOracle)('the real words', () => {
  const servers: { close(): unknown }[] = [];
  const portOf = async (server: Server | ReturnType<typeof createPlain>) => {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  let registry = 0;
  beforeAll(async () => {
    registry = await portOf(
      createServer(certificate('registry', true), ({ url = '' }, response) => {
        const name = /^\/v2\/team\/(\w+)\//.exec(url)?.[1];
        if (name === 'ends') {
          response.destroy();
          return;
        }
        const [status, type, body] = ANSWERS[name ?? ''] ?? [200, 'application/json', '{}'];
        response.writeHead(status, { 'content-type': type, 'docker-distribution-api-version': 'registry/2.0' });
        response.end(body);
      }),
    );
  });
  afterAll(() => servers.forEach((server) => server.close()));

  const docker = (...argv: string[]) =>
    new Promise<string>((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, DOCKER_CONFIG: folder };
      execFile('docker', argv, { env }, (_error, _stdout, stderr) => resolve(stderr.trim()));
    });

  it.each([
    ['limited', /^the pull rate limit of 127\.0\.0\.1:\d+ is reached, which counts/, false],
    ['busy', /^127\.0\.0\.1:\d+ limits how often it is asked$/, true],
    ['unnamed', /^127\.0\.0\.1:\d+ has no image of this name and tag$/, false],
    ['private', /^127\.0\.0\.1:\d+ doesn't have it, or not for everybody$/, false],
    ['login', /^127\.0\.0\.1:\d+ doesn't have it, or not for everybody$/, false],
    ['down', /^127\.0\.0\.1:\d+ has a failure of its own$/, true],
    ['page', /^127\.0\.0\.1:\d+ doesn't answer like a registry$/, false],
    ['ends', /^the connection of w1 to 127\.0\.0\.1:\d+ ended too early$/, true],
  ])('about a registry: %s', async (name, cause, transient) => {
    const image = `127.0.0.1:${registry}/team/${name}:1`;
    const failure = pullFailure(await docker('manifest', 'inspect', image), { image, node: 'w1' });
    expect(failure.cause).toMatch(cause);
    expect(failure.transient).toBe(transient);
  });

  it('about a registry that doesn’t run', async () => {
    const image = '127.0.0.1:1/team/app:1';
    const { cause } = pullFailure(await docker('manifest', 'inspect', image), { image, node: 'w1' });
    expect(cause).toBe('127.0.0.1:1 refuses connections from w1');
  });

  const secure = async (name: string, address = true, dates?: Dates) =>
    portOf(createServer(certificate(name, address, dates), (_request, response) => response.end('{}')));
  const PAST = { from: '20200101000000Z', to: '20210101000000Z' };
  const FUTURE = { from: '20900101000000Z', to: '20910101000000Z' };

  it.each([
    ['an unknown authority', async () => [await secure('unknown'), 'registry'], /doesn't know the authority/],
    ['another name', async () => [await secure('other', false), 'other'], /is for another name/],
    [
      'an expired certificate',
      async () => [await secure('old', true, PAST), 'old'],
      /is valid only until 2021-01-01T00:00:00Z, and the clock of w1 says 20/,
    ],
    [
      'a certificate of the future',
      async () => [await secure('new', true, FUTURE), 'new'],
      /is valid only from 2090-01-01T00:00:00Z, and the clock of w1 says 20/,
    ],
    [
      'no encryption',
      async () => [await portOf(createPlain((_request, response) => response.end('{}'))), 'registry'],
      /speaks HTTP without encryption/,
    ],
  ] as const)('about a connection: %s', async (_title, start, cause) => {
    const [port, authority] = await start();
    const tls = ['--tlsverify', '--tlscacert', join(folder, `${authority}.crt`)];
    const words = await docker('--host', `tcp://127.0.0.1:${port}`, ...tls, 'images');
    expect(pullFailure(words, { image: `127.0.0.1:${port}/a`, node: 'w1' }).cause).toMatch(cause);
  });
});
