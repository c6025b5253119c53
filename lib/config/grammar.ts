import { z } from 'zod';
import { readJumps, SERVER_HOST, SERVER_USER } from '../util/ssh-names.ts';

/**
 * Texts that go from the cluster file into commands, addresses of the Engine API and files on hosts. Each is checked when the file is
 * read, by the grammar of the program that will read it.
 */

const ALNUM = '[a-z0-9]+';
const PATH = `${ALNUM}(?:(?:[._]|__|-+)${ALNUM})*`;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]+)?`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = 'sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}';
const REFERENCE = new RegExp(`^((?:${DOMAIN}/)?${PATH}(?:/${PATH})*)(?::${TAG})?(?:@(?:${DIGEST}))?$`);
/** The limit of a name without tag and digest, in characters. */
const LONGEST_REPOSITORY = 255;

/**
 * Whether a text is an image reference by Docker's grammar. Source: distribution/reference, regexp.go and normalize.go:
 * a name of 64 hexadecimal digits would be read as an image ID.
 */
export function isImageReference(text: string): boolean {
  const [, name = ''] = REFERENCE.exec(text) ?? [];
  return name !== '' && name.length <= LONGEST_REPOSITORY && !/^[0-9a-f]{64}$/.test(text);
}

export const IMAGE_EXPECTED =
  'expected an image reference, such as nginx, nginx:1.27 or registry.example.org:5000/team/app:2';

export const imageReference = () => z.string().refine(isImageReference, { error: IMAGE_EXPECTED });

/** A package version, or a prefix of one with a star. Sources: deb-version(7), rpm-version(7), apk-package(5). */
export const packageVersion = () =>
  z.string().regex(/^[0-9][A-Za-z0-9.+:~^_-]*\*?$/, {
    error: 'expected a version such as 26.1.5, or the beginning of one: 26.1.*',
  });

export const sshHost = () =>
  z.string().regex(SERVER_HOST, { error: 'expected a host name, an address or a Host alias of ~/.ssh/config' });

export const sshUser = () => z.string().regex(SERVER_USER, { error: 'expected a user name' });

/** `[user@]host[:port]`, several separated by commas. Source: ssh_config(5), ProxyJump. */
export const sshJumps = () =>
  z.string().refine((text) => text === 'none' || readJumps(text) !== undefined, {
    error: 'expected [user@]host[:port], several separated by commas, or none',
  });

/**
 * The address of a file server, for apt, dnf and curl. Source: RFC 3986, without characters that are special in shells
 * and lists.
 */
export const webAddress = () =>
  z
    .url({ protocol: /^https?$/, error: 'expected an address that begins with http:// or https://' })
    .regex(/^[A-Za-z0-9._~:/?#[\]@!&*+,=%-]+$/, {
      error: 'expected no spaces, quotes, dollar signs or parentheses in an address',
    });

/**
 * The address of a proxy, without a path or anything that systemd would expand. Source: systemd.exec(5), Environment=.
 */
export const proxyAddress = () =>
  z
    .string()
    .refine((text) => !text.includes('@'), {
      error: 'expected no user and password: they would be readable on every node',
      abort: true,
    })
    .regex(/^https?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?\/?$/, {
      error: 'expected an address such as http://proxy.example.org:3128',
    });

/** A host, a .domain or a network that is reached without a proxy. */
export const proxyException = () =>
  z.string().regex(/^[A-Za-z0-9._:/*[\]-]+$/, { error: 'expected a host, a .domain or a network' });
