import { describe, expect, it } from 'vitest';
import { configurationChanges } from '../../lib/docker/configure.ts';
import { daemonDifferences, mergedDaemon, notedKeys } from '../../lib/docker/daemon-config.ts';
import { daemonNote } from '../../lib/facts/daemon-note.ts';
import { clusterOf } from '../support/cluster.ts';

const state = (values: Record<string, unknown>, keys: string[] = [], unread: string[] = []) => ({
  daemon: { values },
  note: { keys, unread },
});

describe('daemon.json', () => {
  it.each<[string, Record<string, unknown>, ReturnType<typeof state>, object[]]>([
    ['has no differences when it has what the cluster file says', { debug: true }, state({ debug: true, mtu: 9 }), []],
    [
      'gets a key that a running engine applies',
      { debug: true },
      state({}),
      [{ key: 'debug', from: undefined, to: true, live: true }],
    ],
    [
      'gets a key that needs a restart',
      { 'log-driver': 'local' },
      state({ 'log-driver': 'journald' }),
      [{ key: 'log-driver', from: 'journald', to: 'local', live: false }],
    ],
    [
      'loses a key that swarmup set and the cluster file no longer has, for which the engine restarts',
      {},
      state({ debug: true }, ['debug']),
      [{ key: 'debug', from: true, to: undefined, live: false }],
    ],
    [
      'loses a key that the engine resets without a restart',
      {},
      state({ 'max-concurrent-downloads': 9 }, ['max-concurrent-downloads']),
      [{ key: 'max-concurrent-downloads', from: 9, to: undefined, live: true }],
    ],
    ["keeps the host's own keys", {}, state({ debug: true }), []],
    ['keeps a noted key that is gone already', {}, state({}, ['debug']), []],
    [
      'is read again after an interrupted run',
      { mtu: 1400 },
      state({ mtu: 1400 }, ['mtu'], ['mtu']),
      [{ key: 'mtu', from: 1400, to: 1400, live: false }],
    ],
  ])('%s', (_what, wanted, found, expected) => {
    expect(daemonDifferences(wanted, found)).toEqual(expected);
  });

  it('keeps all other settings, and notes which keys swarmup set', () => {
    const found = state({ debug: true, mtu: 1400 }, ['mtu']);
    const differences = daemonDifferences({ 'log-driver': 'local' }, found);
    expect(JSON.parse(mergedDaemon(found.daemon, differences))).toEqual({ debug: true, 'log-driver': 'local' });
    expect(notedKeys(found.note, differences)).toEqual(['log-driver']);
  });

  it('that is damaged is an error only when it concerns swarmup', () => {
    const damaged = { daemon: { invalid: 'no JSON' }, note: { keys: [], unread: [] } };
    expect(daemonDifferences({}, damaged)).toEqual([]);
    expect(() => daemonDifferences({ debug: true }, damaged)).toThrow("daemon.json can't be read: no JSON");
  });

  it('is treated as the host’s own when the note about it is damaged', () => {
    expect(daemonNote.parse('{"keys": 1')).toEqual({ keys: [], unread: [] });
    expect(daemonNote.parse('')).toEqual({ keys: [], unread: [] });
  });

  it('takes keys of every spelling as data', () => {
    const wanted: Record<string, unknown> = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}');
    const differences = daemonDifferences(wanted, state({}));
    expect(differences.map(({ key }) => key)).toEqual(['__proto__', 'constructor']);
    expect(mergedDaemon({ values: {} }, differences)).toBe(
      `${JSON.stringify(JSON.parse('{"__proto__":{"a":1},"constructor":2}'), null, 2)}\n`,
    );
  });
});

describe('a change of daemon.json', () => {
  it('shows values, but of objects only names, and no password', async () => {
    const cluster = await clusterOf(`name: test
provider: { type: qemu }
docker:
  daemon:
    debug: true
    dns: [192.0.2.1, 192.0.2.2]
    log-opts: { splunk-token: hidden-value }
    registry-mirrors: ['https://user:hidden-value@mirror.example.org']
    http-proxy: http://hidden-value
    default-ulimits: { nofile: { Name: nofile, Hard: 5 } }
`);
    const found = {
      ...state({ dns: ['192.0.2.9'] }),
      proxy: '',
      holds: { manager: undefined, installed: [], held: [] },
    };
    const changes = configurationChanges('n1', cluster, found);
    expect(changes.map(({ path, from, to }) => [path.at(-1), from, to])).toEqual([
      ['debug', undefined, true],
      ['dns', '192.0.2.9', '192.0.2.1,192.0.2.2'],
      ['log-opts', undefined, ['splunk-token']],
      ['registry-mirrors', undefined, 'https://***@mirror.example.org'],
      ['http-proxy', undefined, '***'],
      ['default-ulimits', undefined, ['nofile']],
    ]);
  });
});
