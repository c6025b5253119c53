import type { SshSettings } from '../contracts/endpoint.ts';
import { omitUndefined } from '../util/omit-undefined.ts';

/** The settings that `ssh -G` prints for a server: each key with its values, in order. */
export type Settings = ReadonlyMap<string, readonly string[]>;

/** Reads the output of `ssh -G`. */
export function parseSettings(output: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, key = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (key !== '') settings.set(key.toLowerCase(), [...(settings.get(key.toLowerCase()) ?? []), value]);
  }
  return settings;
}

/** The settings that swarmup's own connections follow. */
const FOLLOWED: ReadonlySet<string> = new Set([
  'host',
  'hostname',
  'port',
  'user',
  'identityfile',
  'identityagent',
  'identitiesonly',
  'userknownhostsfile',
  'globalknownhostsfile',
  'hostkeyalias',
  'stricthostkeychecking',
  'proxyjump',
  'addressfamily',
  'bindaddress',
  'connecttimeout',
]);

/**
 * The settings that change neither which server is reached, nor how it is verified, nor which key logs in: terminals,
 * forwards, display, OpenSSH's shared connections, and the search for the host name, whose result is in `hostname`.
 */
const IRRELEVANT: ReadonlySet<string> = new Set([
  'addkeystoagent',
  'batchmode',
  'canonicaldomains',
  'canonicalizefallbacklocal',
  'canonicalizehostname',
  'canonicalizemaxdots',
  'canonicalizepermittedcnames',
  'channeltimeout',
  'clearallforwardings',
  'compression',
  'connectionattempts',
  'controlmaster',
  'controlpath',
  'controlpersist',
  'dynamicforward',
  'enableescapecommandline',
  'escapechar',
  'exitonforwardfailure',
  'fingerprinthash',
  'forkafterauthentication',
  'forwardagent',
  'forwardx11',
  'forwardx11timeout',
  'forwardx11trusted',
  'gatewayports',
  'hashknownhosts',
  'hostbasedacceptedalgorithms',
  'ipqos',
  'localcommand',
  'localforward',
  'loglevel',
  'logverbose',
  'numberofpasswordprompts',
  'obscurekeystroketiming',
  'permitlocalcommand',
  'permitremoteopen',
  'rekeylimit',
  'remotecommand',
  'remoteforward',
  'requesttty',
  'sendenv',
  'serveralivecountmax',
  'serveraliveinterval',
  'sessiontype',
  'setenv',
  'stdinnull',
  'streamlocalbindmask',
  'streamlocalbindunlink',
  'syslogfacility',
  'tag',
  'tcpkeepalive',
  'tunnel',
  'tunneldevice',
  'updatehostkeys',
  'visualhostkey',
  'xauthlocation',
]);

/**
 * The settings that only add ways to log in which swarmup doesn't have: they matter once its own way is refused. Many
 * systems set them for all users.
 */
const ADDED = /^(gssapi|kbdinteractive|passwordauthentication|hostbasedauthentication|enablesshkeysign)/;

/**
 * The keys of the settings that differ from OpenSSH's defaults and that only OpenSSH itself can follow. Settings that
 * this version doesn't know are among them.
 */
export function onlyOpenSsh(settings: Settings, defaults: Settings): string[] {
  return [...settings].flatMap(([key, values]) => {
    if (FOLLOWED.has(key) || IRRELEVANT.has(key) || ADDED.test(key)) return [];
    return values.join('\n') === (defaults.get(key) ?? ['none']).join('\n') ? [] : [key];
  });
}

/** The words that different versions of `ssh -G` print for StrictHostKeyChecking. */
const CHECKING: Readonly<Record<string, 'yes' | 'no' | undefined>> = {
  yes: 'yes',
  true: 'yes',
  no: 'no',
  off: 'no',
  false: 'no',
};

/** How the settings restrict swarmup's own connections. */
export function limitsOf(settings: Settings): SshSettings {
  const one = (key: string) => settings.get(key)?.find((value) => value !== 'none');
  const addressFamily = (['inet', 'inet6'] as const).find((family) => family === one('addressfamily'));
  const timeout = Number(one('connecttimeout'));
  const checking = one('stricthostkeychecking') ?? '';
  return omitUndefined({
    identitiesOnly: one('identitiesonly') === 'yes' ? true : undefined,
    addressFamily,
    bindAddress: one('bindaddress'),
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : undefined,
    hostKeyChecking: CHECKING[checking],
  });
}
