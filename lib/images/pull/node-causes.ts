import type { PullCause } from './cause.ts';
import { onNode } from '../../util/shell-quote.ts';

/** An image without a variant for the node. Its platform is one of the groups. */
export const OTHER_PLATFORM =
  /no matching manifest for (.+?) in the manifest list|does not match the specified platform: wanted ([^\s,]+)|its platform \([^)]*\) does not match the specified platform \(([^)]+)\)|no match for platform/;

/** What is wrong with a node's disk, or with the image itself. */
export const NODE_CAUSES: readonly PullCause[] = [
  {
    // Go's ENOSPC and EDQUOT, behind "failed to register layer: write /..." or "failed to extract layer ...".
    words: /no space left on device|disk quota exceeded/i,
    code: 'DISK_FULL',
    cause: ({ node }) => `the disk of ${node} is full`,
    fix: ({ node }) =>
      `See what takes the space: ${onNode(node, 'sudo', 'docker', 'system', 'df')}; remove images without containers: ${onNode(node, 'sudo', 'docker', 'image', 'prune', '--all', '--force')}; or give it a larger disk.`,
  },
  {
    words: /read-only file system|input\/output error/i,
    cause: ({ node }) => `the disk of ${node} can't be written`,
    fix: ({ node }) =>
      `Its file system or its disk is damaged. See the kernel's messages: ${onNode(node, 'sudo', 'dmesg', '--level=err')}`,
  },
  {
    words: OTHER_PLATFORM,
    cause: ({ node, platforms }, [, ...wanted]) => {
      const platform = wanted.find((one) => one !== undefined);
      const has = platforms.length > 0 ? `, only for ${platforms.join(', ')}` : '';
      return `it isn't made for the platform of ${node}${platform === undefined ? '' : `, ${platform}`}${has}`;
    },
    fix: ({ platforms }) =>
      `Use an image for that platform, or build it for several (docker buildx build --platform linux/amd64,linux/arm64), or keep its services on other nodes: constraints: [node.platform.arch == ${archOf(platforms[0])}]`,
  },
  {
    words:
      /Docker Image Format v1|manifest version 2, schema 1|unsupported media type application\/vnd\.docker\.distribution\.manifest\.v1/i,
    cause: () => 'it has a format of before 2017 (schema 1), which Docker no longer reads',
    fix: ({ image }) =>
      `Use a newer tag, or build ${image} again. An engine before Docker 26 can convert it: docker pull, then docker push.`,
  },
  {
    words: /Encountered remote "([^"]*)"|unsupported media type (\S+)|unsupported manifest format/,
    cause: () => 'it is no container image, but something else that registries keep',
    fix: () => 'Correct the image name: charts, models and plugins have names like images.',
  },
  {
    words: /invalid reference format|repository name must be lowercase|invalid repository name/,
    cause: () => 'its name is not one that a registry can have',
    fix: () => 'Correct the image name: NAME:TAG or HOST/PATH/NAME:TAG, with a lower-case name.',
  },
];

/** Swarm's names of architectures, which constraints compare. Source: moby, runtime.GOARCH and uname -m. */
function archOf(platform = 'linux/amd64'): string {
  const [, arch = ''] = platform.split('/');
  return { amd64: 'x86_64', arm64: 'aarch64', arm: 'armv7l', '386': 'i686' }[arch] ?? arch;
}
