import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpCheck } from '../../lib/config/model.ts';
import type { Endpoint, SshEndpoint } from '../../lib/contracts/endpoint.ts';
import { httpClient } from '../../lib/remote/http.ts';
import { problemOf } from '../../lib/swarm/http-answer.ts';
import { pagesOf } from '../../lib/swarm/pages.ts';
import { matchesPattern } from '../../lib/util/pattern.ts';
import { clusterOf } from '../support/cluster.ts';
import { needPackages } from '../support/packages.ts';

const NAME = 'app.example.org';
const servers: Server[] = [];
/** What the last request to a server was. */
let asked: { url?: string; method?: string; host?: string; extra?: string; servername?: string | false } = {};
let certificate = '';
/** Published ports and the loopback ports of the servers behind them. */
const ports = new Map<number, number>();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '', method = '', headers } = request;
  const servername = 'servername' in request.socket ? (request.socket as TLSSocket).servername : undefined;
  asked = {
    url,
    method,
    host: headers.host ?? '',
    extra: String(headers['x-extra'] ?? ''),
    servername: servername ?? '',
  };
  const [, code, to] = /^\/redirect\/(\d+)\/(.*)$/.exec(url) ?? [];
  if (code !== undefined) response.writeHead(Number(code), { location: decodeURIComponent(to ?? '') }).end();
  else if (url === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else
    response.writeHead(url === '/missing' ? 404 : 200).end(method === 'HEAD' ? '' : `Welcome to ${url}\nsecond line\n`);
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}

needPackages('openssl');

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmup-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ${key} -out ${cert} -subj /CN=${NAME} -addext subjectAltName=DNS:${NAME}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  certificate = readFileSync(cert, 'utf8');
  ports.set(80, await listen(createServer(answer)));
  ports.set(443, await listen(createTlsServer({ key: readFileSync(key), cert: certificate }, answer)));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

const endpointOf = (port: number) => {
  const local = ports.get(port);
  return local === undefined ? undefined : { host: '127.0.0.1', port: local };
};

const PLAIN: HttpCheck = {
  port: 80,
  path: '/',
  method: 'GET',
  headers: {},
  https: false,
  insecure: false,
  redirects: 0,
  status: 200,
};

function problem(check: Partial<HttpCheck> = {}): Promise<string | undefined> {
  const whole: HttpCheck = { ...PLAIN, port: check.https ? 443 : 80, ...check };
  const endpoint = endpointOf(whole.port);
  if (!endpoint) throw new Error(`the test has no server for port ${whole.port}`);
  return problemOf({ check: whole, http: httpClient(), signal: new AbortController().signal, endpoint, endpointOf });
}

const redirect = (to: string, code = 302) => `/redirect/${code}/${encodeURIComponent(to)}`;

describe('an HTTP check', () => {
  it('compares status and body', async () => {
    expect(await problem({ body: 'Welcome' })).toBeUndefined();
    expect(await problem({ path: '/missing' })).toBe('HTTP 404, expected 200');
    expect(await problem({ path: '/missing', status: 404 })).toBeUndefined();
    expect(await problem({ body: 'Goodbye' })).toBe("the body lacks 'Goodbye': Welcome to / second line ");
  });

  it('matches a regular expression, line by line', async () => {
    expect(await problem({ bodyMatches: '^second \\w+$' })).toBeUndefined();
    expect(await problem({ bodyMatches: '^line' })).toContain("the body doesn't match /^line/: Welcome to /");
  });

  it('asks for the host, with the headers and the method of the file, and the path as written', async () => {
    expect(await problem({ host: NAME, headers: { 'X-Extra': 'yes' }, method: 'HEAD', path: '/a/../b?c=d' })).toBe(
      undefined,
    );
    expect(asked).toEqual({ url: '/a/../b?c=d', method: 'HEAD', host: NAME, extra: 'yes', servername: '' });
  });

  it('never prints control characters of an answer', async () => {
    const shown = await problem({ path: redirect('/\u001b[2J'.replace('\u001b', '%1b')), body: 'x' });
    expect(shown).toMatch(/^HTTP 302 to \/%1b\[2J, expected 200$/);
  });
});

describe('an HTTPS check', () => {
  it('trusts the certificates of the file, for the host that is asked for, which the server gets too', async () => {
    expect(await problem({ https: true, ca: certificate, host: NAME })).toBeUndefined();
    expect(asked).toMatchObject({ host: NAME, servername: NAME });
  });

  it('refuses a certificate that nobody vouches for, or that is of another host', async () => {
    expect(await problem({ https: true, host: NAME })).toMatch(/self-signed certificate/);
    expect(await problem({ https: true, ca: certificate })).toMatch(/IP: 127\.0\.0\.1 is not in the cert's list/);
    expect(await problem({ https: true, ca: certificate, host: 'other.example.org' })).toMatch(/altnames/);
  });

  it('accepts any certificate only when that is asked for', async () => {
    expect(await problem({ https: true, insecure: true })).toBeUndefined();
    expect(asked.servername).toBe(false);
    expect(await problem({ https: true, insecure: true, host: 'other.example.org' })).toBeUndefined();
  });

  it('never falls back to plain HTTP', async () => {
    expect(await problem({ https: true, insecure: true, port: 80 })).toMatch(
      /EPROTO|wrong version number|packet length/,
    );
  });
});

describe('a check through a bastion', () => {
  it('speaks TLS over the forwarded connection', async () => {
    const dial = async (_via: unknown, to: Endpoint) => connect(to.port, to.host);
    const via: SshEndpoint = { host: 'gate', port: 22, user: 'me', identityFiles: [], hostKey: '' };
    const endpoint = { host: '127.0.0.1', port: ports.get(443) ?? 0, via };
    const ask = (check: Partial<HttpCheck>) =>
      problemOf({
        check: { ...PLAIN, port: 443, https: true, ...check },
        http: httpClient(dial),
        signal: new AbortController().signal,
        endpoint,
        endpointOf,
      });
    expect(await ask({ ca: certificate, host: NAME })).toBeUndefined();
    expect(asked.servername).toBe(NAME);
    expect(await ask({ host: NAME })).toMatch(/self-signed certificate/);
  });
});

describe('a redirect', () => {
  it('is the answer unless redirects are followed', async () => {
    expect(await problem({ path: redirect('/next') })).toBe('HTTP 302 to /next, expected 200');
    expect(await problem({ path: redirect('/next'), status: 302 })).toBeUndefined();
  });

  it.each([301, 302, 303, 307, 308])('%i is followed on the same node', async (code) => {
    expect(await problem({ path: redirect('/next', code), redirects: 1, body: 'Welcome to /next' })).toBeUndefined();
  });

  it('is followed at most as often as allowed', async () => {
    expect(await problem({ path: redirect(redirect('/end')), redirects: 2 })).toBeUndefined();
    expect(await problem({ path: redirect(redirect('/end')), redirects: 1 })).toMatch(/^HTTP 302 to \/end/);
    expect(await problem({ path: '/loop', redirects: 20 })).toBe('HTTP 302 to /loop, expected 200');
  });

  it('to HTTPS is followed to the published port, with the certificates of the check', async () => {
    const check = { host: NAME, path: redirect(`https://${NAME}/safe`), redirects: 1, body: 'Welcome to /safe' };
    expect(await problem({ ...check, ca: certificate })).toBeUndefined();
    expect(asked).toMatchObject({ servername: NAME, host: NAME });
    expect(await problem(check)).toMatch(/self-signed certificate/);
    expect(await problem({ ...check, path: redirect(`https://${NAME}:443/safe`), ca: certificate })).toBeUndefined();
  });

  it.each([
    ['another host', 'http://elsewhere.example.org/'],
    ['another host without a scheme', '//elsewhere.example.org/'],
    ['the metadata service of a cloud', 'http://169.254.169.254/latest'],
    ['a port that is not published', `http://${NAME}:2375/`],
    ['another scheme', 'file:///etc/passwd'],
    ['nowhere', 'http://'],
  ])('to %s is the answer, and never followed', async (_where, to) => {
    expect(await problem({ host: NAME, path: redirect(to), redirects: 5 })).toMatch(/^HTTP 302 to /);
    expect(asked.url).toMatch(/^\/redirect/);
  });
});

describe('a regular expression', () => {
  it('that takes too long is stopped', () => {
    expect(() => matchesPattern('^(a+)+$', `${'a'.repeat(50)}b`)).toThrow('/^(a+)+$/ takes too long on this text');
    expect(matchesPattern('^(a+)+$', 'aaa')).toBe(true);
  });
});

describe('the pages of a cluster', () => {
  const text = `name: test
provider: { type: qemu }
nodes: { managers: 1, workers: 1 }
services:
  web:
    image: nginx
    ports: ['80:80', { published: 8080, target: 80, mode: host }]
    verify: [{}, { path: /b }, { path: /b, status: 404 }, { port: 8080 }]
  every: { image: nginx, mode: global, ports: [{ published: 81, target: 80, mode: host }], constraints: [node.role == worker], verify: {} }
`;

  it('have a name each, also where several checks ask one port', async () => {
    const pages = pagesOf(await clusterOf(text));
    expect(pages.map(({ id }) => id)).toEqual(['80', '80/b', '80/b (2)', '8080', '81']);
  });

  it('in host mode depend on the tasks of a node', async () => {
    const cluster = await clusterOf(text);
    const pages = pagesOf(cluster);
    expect(pages.map(({ hostMode, moves }) => [hostMode, moves])).toEqual([
      [[], false],
      [[], false],
      [[], false],
      [['web'], true],
      [['every'], false],
    ]);
    const on = cluster.nodes.map((node) => pages.filter(({ answersOn }) => answersOn(node)).map(({ id }) => id));
    expect(on.map((ids) => ids.includes('81'))).toEqual([false, true]);
  });
});
