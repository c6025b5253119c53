import { describe, expect, it } from 'vitest';
import { writtenDocker } from '../../lib/import/swarm/docker.ts';

const none = { daemon: { values: {} }, note: { keys: [], unread: [] }, proxy: '' };

describe('the engines of an imported swarm', () => {
  it('keep the settings of daemon.json that swarmup set, and nobody else’s', () => {
    const values = { 'log-opts': { 'max-size': '10m' }, debug: true };
    const note = { keys: ['log-opts', 'gone'], unread: [] };
    expect(writtenDocker({ ...none, daemon: { values }, note })).toEqual({
      docker: { daemon: { 'log-opts': { 'max-size': '10m' } } },
      notes: [],
    });
  });

  it('keep their proxy', () => {
    const proxy = '[Service]\nEnvironment="HTTP_PROXY=http://proxy:3128" "NO_PROXY=localhost,near.example.org"';
    expect(writtenDocker({ ...none, proxy }).docker).toEqual({
      proxy: 'http://proxy:3128',
      noProxy: ['near.example.org'],
    });
  });

  it('have no secret in the file: a note names the key', () => {
    const values = { proxies: { 'http-proxy': 'http://bob:hunter2@proxy:3128' } };
    const written = writtenDocker({ ...none, daemon: { values }, note: { keys: ['proxies'], unread: [] } });
    expect(written).toEqual({
      docker: {},
      notes: ['Add these keys to docker.daemon, as they hold a secret: proxies.'],
    });
  });

  it('are nobody’s business when swarmup set nothing, even if daemon.json can’t be read', () => {
    expect(writtenDocker({ ...none, daemon: { invalid: 'no JSON' } })).toEqual({ docker: {}, notes: [] });
    const note = { keys: ['debug'], unread: [] };
    expect(() => writtenDocker({ ...none, daemon: { invalid: 'no JSON' }, note })).toThrow('no JSON');
  });
});
