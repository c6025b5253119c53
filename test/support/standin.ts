import { copyFile, mkdir, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findMirror } from '../../lib/debian/mirror.ts';
import { buildDebianImage } from '../../lib/images/debian.ts';
import { localCommands } from '../../lib/remote/local.ts';

const SCRIPT = fileURLToPath(new URL('../standin/portainer.pl', import.meta.url));
const PERL = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/perl-base`;

/** Builds the archive of the Portainer stand-in: under the real images' names, so that the shipped stack runs it. */
export async function buildStandIn(file: string): Promise<void> {
  const local = localCommands(() => undefined, process.env);
  await buildDebianImage(
    {
      images: [
        {
          name: 'portainer/portainer-ce:lts',
          config: { Entrypoint: ['/usr/bin/perl', '/standin.pl', 'server'], ExposedPorts: { '9000/tcp': {} } },
        },
        {
          name: 'portainer/agent:lts',
          config: { Entrypoint: ['/usr/bin/perl', '/standin.pl', 'agent'], ExposedPorts: { '9001/tcp': {} } },
        },
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
