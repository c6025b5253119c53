import { SwarmupError } from '../util/errors.ts';
import { maskUserinfo } from '../util/secret-shapes.ts';
import { visibleLine } from '../util/visible.ts';
import type { PackageManager } from './manager.ts';
import type { FailureKind, PackageFailure } from './package-failure.ts';

interface Place {
  readonly host: string;
  readonly manager: Pick<PackageManager, 'name'>;
}

interface Words {
  /** Behind the host's name. */
  readonly message: string;
  readonly fix: string;
}

/** The program's name on the command line. */
export function programOf({ name }: Pick<PackageManager, 'name'>): string {
  return name === 'apt' ? 'apt-get' : name;
}

/** A command on the host, as the user types it. */
function on(host: string, command: string): string {
  return `swarmup ssh ${host} -- ${command}`;
}

type ByManager = Readonly<Record<PackageManager['name'], string>>;
const REFRESH: ByManager = { apt: 'apt-get update', dnf: 'dnf makecache', zypper: 'zypper refresh', apk: 'apk update' };
const CLEAN: ByManager = { apt: 'apt-get clean', dnf: 'dnf clean all', zypper: 'zypper clean', apk: 'apk cache clean' };
const VERSIONS: ByManager = {
  apt: 'apt-cache madison',
  dnf: 'dnf --showduplicates list',
  zypper: 'zypper search -s',
  apk: 'apk policy',
};

type Say = (failure: PackageFailure, place: Place) => Words;

const behind = (detail: string) => (detail === '' ? '' : ` (${detail})`);
const source = (what: string) => (what === '' ? 'its package source' : what);

const WORDS: Readonly<Record<Exclude<FailureKind, 'locked'>, Say>> = {
  interrupted: (_failure, { host }) => ({
    message: 'an earlier installation was interrupted, and dpkg cannot complete it',
    fix: `See what it stumbles over: ${on(host, 'sudo dpkg --configure -a')}`,
  }),
  disk: ({ what, detail }, { host, manager }) => ({
    message: `the disk is full${what === '' ? '' : ` at ${what}`}${detail === '' ? '' : `: ${detail} more are needed`}`,
    fix: `Free space: ${on(host, `sudo ${CLEAN[manager.name]}`)}; what uses it: ${on(host, 'sudo du -xh --max-depth=2 /var')}`,
  }),
  clock: ({ what, detail }, { host }) => ({
    message: `its clock is behind: ${source(what)} is not valid yet there${behind(detail)}`,
    fix: `Set its clock: ${on(host, 'sudo timedatectl set-ntp true')}; then run again.`,
  }),
  expired: ({ what, detail }, { host }) => ({
    message: `the package list ${source(what)} has expired${behind(detail)}: the mirror is out of date, or the host's clock is ahead`,
    fix: `Compare its clock (${on(host, 'date -u')}); if that is right, use another mirror.`,
  }),
  refused: ({ what, detail }, { host, manager }) => ({
    message: `a proxy or the server refuses ${source(what)}${behind(detail)}`,
    fix: `Allow it in the proxy, or name the right proxy, with its password, in docker.proxy. The proxy set on the host: ${on(host, manager.name === 'apt' ? "'sudo env; apt-config dump' | grep -i proxy" : 'sudo env | grep -i proxy')}`,
  }),
  'no-release': ({ what, detail }, { host }) => ({
    message: `${source(what)} has no packages for ${detail === '' ? 'its release' : `the release ${detail}`}`,
    fix: `Correct or remove that package source; for Docker's repository, set docker.source: distro or another docker.repository. The host's release: ${on(host, 'cat /etc/os-release')}`,
  }),
  signature: ({ what, detail }, { manager }) => ({
    message: `the signature of ${source(what)} can't be verified${behind(detail)}`,
    fix: `Nothing of it was installed. The key has changed or expired, or something on the way replaced the files: renew the key of that source (${manager.name === 'apt' ? '/etc/apt/keyrings' : 'rpm --import'}); for Docker's repository, set docker.repositoryKey to its new fingerprint.`,
  }),
  certificate: ({ what, detail }, { host }) => ({
    message: `it doesn't trust the certificate of ${source(what)}${behind(detail)}`,
    fix: `A proxy that inspects traffic needs its own certificate on the host: copy it to /usr/local/share/ca-certificates/NAME.crt (Red Hat: /etc/pki/ca-trust/source/anchors), then ${on(host, 'sudo update-ca-certificates')} (sudo update-ca-trust).`,
  }),
  unreachable: ({ what, detail }, { host, manager }) => ({
    message: `it can't reach ${source(what)}${behind(detail)}`,
    fix: `Open its way there, or name a proxy: docker.proxy. To try: ${on(host, `sudo ${REFRESH[manager.name]}`)}`,
  }),
  dependencies: ({ detail }, { host, manager }) => ({
    message: `its packages don't fit together${behind(detail)}: Docker's can't be added`,
    fix:
      manager.name === 'apt'
        ? `Repair them: ${on(host, 'sudo apt-get --fix-broken install')}; held packages: ${on(host, 'apt-mark showhold')}`
        : `See which: ${on(host, `sudo ${manager.name} ${manager.name === 'zypper' ? 'verify' : 'check'}`)}`,
  }),
  'no-package': ({ what, detail }, { host, manager }) => ({
    message: `its package sources have no ${what}${behind(detail)}`,
    fix: `Its lists may be out of date, or changed meanwhile; run again. What they have: ${on(host, versionsOf(manager, what))}`,
  }),
};

function versionsOf({ name }: Pick<PackageManager, 'name'>, what: string): string {
  // A name from the output of a package manager: anything else is not repeated in a command.
  return `${VERSIONS[name]} ${/^[\w.+-]+$/.test(what) ? what : 'docker'}`;
}

/** A part of the output without what acts on a terminal, and without the password of an address. */
function publicLine(text: string): string {
  return maskUserinfo(visibleLine(text));
}

/**
 * The error for a failure that is understood.
 * @param cause the failed command's error, whose output is kept
 */
export function packageError(
  failure: PackageFailure & { readonly kind: Exclude<FailureKind, 'locked'> },
  place: Place,
  cause?: SwarmupError,
): SwarmupError {
  const shown = { ...failure, what: publicLine(failure.what), detail: publicLine(failure.detail) };
  const { message, fix } = WORDS[failure.kind](shown, place);
  const { output, transient = false } = cause ?? {};
  return new SwarmupError('INSTALL_FAILED', `${place.host}: ${message}`, {
    fix,
    ...(output === undefined ? {} : { output }),
    transient,
    cause,
  });
}
