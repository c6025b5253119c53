import type { Image } from '@aws-sdk/client-ec2';
import { SwarmupError } from '../../util/errors.ts';
import type { Ec2Api } from './api.ts';
import type { AwsConfig } from './config.ts';
import { IMAGE_NAMES, PUBLICATIONS, type ImageName, type Publication } from './image-names.ts';
import type { Architecture } from './types.ts';

/** An image to boot. */
export interface BootImage {
  readonly id: string;
  /** Its name in the cluster file, as in the machine's tag. */
  readonly label: string;
  readonly architecture: Architecture;
  /** The device of the root volume, such as /dev/sda1. */
  readonly rootDevice: string;
}

/** The image in the cluster file: a name or an ID. */
export function labelOf({ image }: Pick<AwsConfig, 'image'>): string {
  return typeof image === 'string' ? image : image.id;
}

/** The login user of a machine, which depends on the image it was made from. */
export function userOf({ image }: Pick<AwsConfig, 'image'>, label = labelOf({ image })): string {
  const published: Publication | undefined = isName(label) ? PUBLICATIONS[label] : undefined;
  if (published) return published.user;
  return typeof image === 'string' ? PUBLICATIONS[image].user : image.user;
}

function isName(label: string): label is ImageName {
  return IMAGE_NAMES.some((name) => name === label);
}

/**
 * The image for an architecture: the newest in the publisher's account, or the user's own.
 *
 * @throws SwarmupError CLOUD_INVALID when there is none, or it is for another architecture
 */
export async function findImage(
  api: Ec2Api,
  { image }: Pick<AwsConfig, 'image'>,
  architecture: Architecture,
  signal: AbortSignal,
): Promise<BootImage> {
  const own = typeof image === 'object';
  const published = own ? undefined : PUBLICATIONS[image];
  const { Images = [] } = await api.DescribeImages(
    published
      ? {
          Owners: [published.owner],
          // Publishers deprecate old releases; a deprecated one is still used if it is named.
          IncludeDeprecated: published.warning !== undefined,
          Filters: [
            { Name: 'name', Values: [published.pattern(architecture)] },
            { Name: 'architecture', Values: [architecture] },
            { Name: 'state', Values: ['available'] },
          ],
        }
      : { ImageIds: [own ? image.id : ''] },
    signal,
  );
  const label = labelOf({ image });
  const newest = Images.toSorted((a, b) => created(b) - created(a))[0];
  if (!newest?.ImageId) {
    throw new SwarmupError('CLOUD_INVALID', `provider.image: this region has no ${label} image for ${architecture}`, {
      fix: 'Choose another provider.image or provider.region, or name your own image: image: { id: ami-..., user: ... }.',
    });
  }
  if (newest.Architecture !== architecture) {
    throw new SwarmupError(
      'CLOUD_INVALID',
      `provider.image: ${label} is for ${newest.Architecture}, but the instance type is ${architecture}`,
      { fix: 'Choose an image and an instance type of the same architecture: t4g, m7g and the like are arm64.' },
    );
  }
  return { id: newest.ImageId, label, architecture, rootDevice: newest.RootDeviceName ?? '/dev/sda1' };
}

function created(image: Image): number {
  return Date.parse(image.CreationDate ?? '') || 0;
}
