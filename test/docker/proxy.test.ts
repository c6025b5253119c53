import { describe, expect, it } from 'vitest';
import { behindProxy, proxyFile, proxyOf, publicProxyOf } from '../../lib/docker/proxy.ts';
import type { Host } from '../../lib/contracts/host.ts';
import { clusterOf } from '../support/cluster.ts';
import { strict } from '../fakes/strict.ts';

const FILE = (docker: string) => `name: test
provider: { type: hosts }
nodes:
  - { name: manager1, role: manager, address: 192.168.1.10 }
  - { name: worker1, role: worker, address: web1, advertise: 203.0.113.7 }
docker: ${docker}
`;
const PROXIED = '{ proxy: "http://proxy:3128", noProxy: [.example.org] }';
const NO_PROXY = 'localhost,127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.example.org,192.168.1.10,203.0.113.7';

describe('a proxy', () => {
  it('is set for the service, and nodes are reached without it', async () => {
    expect(proxyFile(await clusterOf(FILE(PROXIED)))).toBe(
      `[Service]\nEnvironment="HTTP_PROXY=http://proxy:3128" "HTTPS_PROXY=http://proxy:3128" "NO_PROXY=${NO_PROXY}"`,
    );
    expect(proxyFile(await clusterOf(FILE('{}')))).toBe('');
  });

  it('is read back as written in the cluster file', async () => {
    const file = proxyFile(await clusterOf(FILE(PROXIED)));
    const { proxy, noProxy } = proxyOf(file) ?? {};
    expect(proxy).toBe('http://proxy:3128');
    expect(proxyFile(await clusterOf(FILE(JSON.stringify({ proxy, noProxy }))))).toBe(file);
    expect(proxyOf('')).toBeUndefined();
  });

  it('stays out of a plan where an operator added a password to it by hand', async () => {
    const file = proxyFile(await clusterOf(FILE(PROXIED)));
    expect(publicProxyOf(file)).toBe('http://proxy:3128');
    expect(publicProxyOf(file.replaceAll('http://', 'http://user:secret@'))).toBeUndefined();
    expect(publicProxyOf('')).toBeUndefined();
  });

  it('is in the environment of the commands that fetch packages', async () => {
    const ran: (readonly string[])[] = [];
    const run: Host['run'] = async (argv) => (ran.push(argv), { exitCode: 0, stdout: '', stderr: '' });
    const host = strict<Host>('host', { name: 'worker1', run });
    await behindProxy(host, await clusterOf(FILE(PROXIED))).run(['apt-get', 'update']);
    await behindProxy(host, await clusterOf(FILE('{}'))).run(['apt-get', 'update']);
    expect(ran[0]?.slice(0, 3)).toEqual(['env', 'HTTP_PROXY=http://proxy:3128', 'http_proxy=http://proxy:3128']);
    expect(ran[0]?.slice(-3)).toEqual([`no_proxy=${NO_PROXY}`, 'apt-get', 'update']);
    expect(ran[1]).toEqual(['apt-get', 'update']);
  });

  it('may have no password, which every user of a node could read', async () => {
    await expect(clusterOf(FILE('{ proxy: "http://user:secret@proxy:3128" }'))).rejects.toThrow(
      /docker\.proxy.*no user and password/s,
    );
  });
});
