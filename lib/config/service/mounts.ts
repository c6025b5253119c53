import { z } from 'zod';
import { bytes } from '../units.ts';
import { fileMode, text, texts } from './entries.ts';

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;
const KINDS = ['volume', 'bind', 'tmpfs', 'npipe', 'cluster', 'image'] as const;

/** Absolute on Linux, or on Windows; or a named pipe of Windows. */
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/;
const isAbsolute = (path: string) => ABSOLUTE.test(path);

/** The keys of a mount that only some kinds have, by the word of Docker's options for them. */
const KEYS_OF: Readonly<Record<string, readonly (typeof KINDS)[number][]>> = {
  driver: ['volume'],
  labels: ['volume'],
  noCopy: ['volume'],
  options: ['volume', 'tmpfs'],
  subpath: ['volume', 'image'],
  propagation: ['bind'],
  recursive: ['bind'],
  createSource: ['bind'],
  size: ['tmpfs'],
  mode: ['tmpfs'],
};

const parts = z.strictObject({
  type: z.enum(KINDS).describe('What is mounted; cluster: a CSI volume; npipe: a named pipe of Windows.'),
  source: text().optional().describe('A volume, a path on the nodes, or an image; none for tmpfs.'),
  target: z
    .string()
    .refine(isAbsolute, { error: 'expected an absolute path in the containers' })
    .describe('Where it is in the containers.'),
  readOnly: z.boolean().default(false).describe('Whether the containers may only read it.'),
  driver: z.string().min(1).optional().describe('Volumes: the volume driver.'),
  options: texts().optional().describe("Volumes: the driver's options. tmpfs: options such as noexec or uid=1000."),
  labels: texts().optional().describe('Volumes: labels of a new one.'),
  noCopy: z.boolean().optional().describe("Volumes: whether a new one stays without the image's files."),
  subpath: z.string().min(1).optional().describe('Volumes and images: a folder in it, instead of all.'),
  propagation: z.enum(PROPAGATIONS).optional().describe('bind: whether mounts inside are visible on the other side.'),
  recursive: z
    .enum(['enabled', 'disabled', 'writable', 'readonly'])
    .optional()
    .describe(
      'bind: what happens to mounts inside; disabled: they are left out; readonly: they must be read-only too.',
    ),
  createSource: z.boolean().optional().describe('bind: whether a missing path is created on the nodes.'),
  size: bytes().optional().describe('tmpfs: its size.'),
  mode: fileMode().optional().describe('tmpfs: its mode, octal, such as 01777.'),
});

export type Mount = z.output<typeof parts>;

/**
 * Whether a volume's name is valid: on the nodes themselves, of at least two characters; templates become names only
 * there. Source: moby, daemon/names.
 */
function isVolume({ source, driver = 'local' }: Mount): boolean {
  if (source === undefined || driver !== 'local' || source.includes('{{')) return true;
  return /^[A-Za-z0-9][A-Za-z0-9_.-]+$/.test(source);
}

/** What is wrong with a mount, by its key. Source: docker/cli, opts/mount_utils.go; moby, daemon/volume/mounts/validate.go. */
function problemOf(mount: Mount): readonly [key: string, expected: string] | undefined {
  const { type, source, readOnly, recursive, propagation } = mount;
  const foreign = Object.entries(mount).find(
    ([key, value]) => value !== undefined && KEYS_OF[key]?.includes(type) === false,
  );
  if (foreign) return [foreign[0], `expected it only with type: ${KEYS_OF[foreign[0]]?.join(' or ')}, not ${type}`];
  if (type === 'tmpfs' && source !== undefined) return ['source', 'expected no source with type: tmpfs'];
  if (type === 'bind' && !isAbsolute(source ?? '')) return ['source', 'expected an absolute path on the nodes'];
  if (type === 'volume' && !isVolume(mount))
    return ['source', 'expected a name of letters, digits and _.- between them'];
  if (source === undefined && (type === 'npipe' || type === 'cluster' || type === 'image'))
    return ['source', `expected a source with type: ${type}`];
  if ((recursive === 'writable' || recursive === 'readonly') && !readOnly)
    return ['recursive', `expected readOnly: true with recursive: ${recursive}`];
  if (recursive === 'readonly' && propagation !== 'rprivate')
    return ['recursive', 'expected propagation: rprivate with recursive: readonly'];
  return undefined;
}

const checked = parts.superRefine((mount, ctx) => {
  const problem = problemOf(mount);
  if (problem) ctx.addIssue({ code: 'custom', path: [problem[0]], message: problem[1] });
});

const SIDE = String.raw`[A-Za-z]:[\\/][^:]*|\\\\[^:]+|[^:]+`;
const SHORT = new RegExp(`^(?:(${SIDE}):)?(/[^:]*|[A-Za-z]:[\\\\/][^:]*|\\\\\\\\[^:]+)(?::([a-z,]+))?$`);
const FLAGS = ['ro', 'rw', 'nocopy', ...PROPAGATIONS];

/** A mount in short form. @returns why it is none */
function shortMount(written: string): Mount | string {
  const [whole, source, target = '', flags] = SHORT.exec(written) ?? [];
  const given = flags?.split(',') ?? [];
  if (whole === undefined || !given.every((flag) => FLAGS.includes(flag)))
    return "expected SOURCE:TARGET or SOURCE:TARGET:ro, such as 'data:/var/lib/data'";
  if (source !== undefined && /^[.~]/.test(source))
    return 'expected a volume, or an absolute path on the nodes: the folder of this file is not on them';
  const type = source?.startsWith('\\\\') ? 'npipe' : source !== undefined && isAbsolute(source) ? 'bind' : 'volume';
  const propagation = PROPAGATIONS.find((one) => given.includes(one));
  return {
    type,
    ...(source === undefined ? {} : { source }),
    target,
    readOnly: given.includes('ro'),
    ...(given.includes('nocopy') ? { noCopy: true } : {}),
    ...(propagation ? { propagation } : {}),
  };
}

const short = z.string().transform((written, ctx): Mount => {
  const mount = shortMount(written);
  const problem = typeof mount === 'string' ? mount : problemOf(mount)?.[1];
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
  return typeof mount === 'string' ? { type: 'volume', target: '/', readOnly: false } : mount;
});

export const mounts = () =>
  z
    .array(z.union([short, checked]))
    .optional()
    .describe("Volumes ('data:/data'), paths on the nodes ('/srv/www:/www:ro'), or their parts, also of other kinds.");
