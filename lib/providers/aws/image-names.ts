import type { Architecture } from './types.ts';

/** The names that a cluster file may use for an image. */
export const IMAGE_NAMES = [
  'ubuntu-24.04',
  'ubuntu-22.04',
  'ubuntu-18.04',
  'debian-13',
  'debian-12',
  'amazon-linux-2023',
] as const;

export type ImageName = (typeof IMAGE_NAMES)[number];

/** Where to find a publisher's images, and their login user. */
export interface Publication {
  /** The publisher's own account: only the publisher can put an image there. */
  readonly owner: string;
  /** The image's name as a pattern of DescribeImages. */
  readonly pattern: (architecture: Architecture) => string;
  readonly user: string;
  /** Shown once per run for a release at its end of life. */
  readonly warning?: string;
}

const CANONICAL = '099720109477';
const DEBIAN = '136693071363';
const AMAZON = '137112412989';

const debianArch = (architecture: Architecture) => (architecture === 'arm64' ? 'arm64' : 'amd64');

/** Canonical's image names include the storage type; both types boot from any volume. */
const ubuntu = (release: string) => ({
  owner: CANONICAL,
  pattern: (architecture: Architecture) =>
    `ubuntu/images/hvm-ssd*/ubuntu-${release}-${debianArch(architecture)}-server-*`,
  user: 'ubuntu',
});

const debian = (release: number) => ({
  owner: DEBIAN,
  pattern: (architecture: Architecture) => `debian-${release}-${debianArch(architecture)}-*`,
  user: 'admin',
});

/** Sources: Canonical's "Find Ubuntu images on AWS", the Debian wiki's Cloud/AmazonEC2Image, the AL2023 user guide. */
export const PUBLICATIONS: Readonly<Record<ImageName, Publication>> = {
  'ubuntu-24.04': ubuntu('noble-24.04'),
  'ubuntu-22.04': ubuntu('jammy-22.04'),
  'ubuntu-18.04': {
    ...ubuntu('bionic-18.04'),
    warning: 'Ubuntu 18.04 gets security updates only for subscribers; use ubuntu-24.04',
  },
  'debian-13': debian(13),
  'debian-12': debian(12),
  'amazon-linux-2023': {
    owner: AMAZON,
    pattern: (architecture) => `al2023-ami-2023.*-kernel-*-${architecture}`,
    user: 'ec2-user',
  },
};
