import { copyFile, mkdir, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMirror } from '../../lib/images/debian-mirror.ts';
import { buildDebianImage } from '../../lib/images/debian.ts';
import { localCommands } from '../../lib/remote/local.ts';

const SCRIPT = fileURLToPath(new URL('../standin/portainer.pl', import.meta.url));
const PERL = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/perl-base`;

/** The tags of its images: two, so that a test can change the version. */
const VERSIONS = ['lts', '2.33.6'];
const RUN = ['/usr/bin/perl', '/standin.pl'];

/** Builds the archive of the Portainer stand-in, under the real images' names so that the shipped stack runs it. */
export async function buildStandIn(file: string): Promise<void> {
  const local = localCommands(() => undefined, process.env);
  await buildDebianImage(
    {
      images: [
        ...VERSIONS.map((tag) => ({
          name: `portainer/portainer-ce:${tag}`,
          config: { Entrypoint: [...RUN, 'server'], ExposedPorts: { '9000/tcp': {} } },
        })),
        ...VERSIONS.map((tag) => ({
          name: `portainer/agent:${tag}`,
          config: { Entrypoint: [...RUN, 'agent'], ExposedPorts: { '9001/tcp': {} } },
        })),
        { name: 'portainer/helper-reset-password:latest', config: { Entrypoint: [...RUN, 'reset'] } },
      ],
      suite: 'bookworm',
      packages: ['perl-base'],
      programs: ['/usr/bin/perl'],
      files: [PERL],
      finish: async (root) => {
        for (const folder of ['etc', 'tmp', 'data']) await mkdir(join(root, folder), { recursive: true });
        await writeFile(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
        await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\n');
        await copyFile(SCRIPT, join(root, 'standin.pl'));
        await chmod(join(root, 'standin.pl'), 0o755);
      },
    },
    file,
    {
      local,
      mirror: (await findMirror(undefined)).main,
      signal: new AbortController().signal,
      report: () => undefined,
    },
  );
}
