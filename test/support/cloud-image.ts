import { findMirror } from '../../lib/images/debian-mirror.ts';
import { cacheFolder } from '../../lib/util/files.ts';
import { builtImage } from '../../lib/providers/qemu/build.ts';
import { findTools } from '../../lib/providers/qemu/packages.ts';
import type { BootImage } from '../../lib/providers/qemu/record.ts';
import type { ProviderIo } from '../../lib/contracts/provider.ts';
import { localCommands } from '../../lib/remote/local.ts';

/**
 * The cloud.cfg of the image: the user of Debian's images on EC2, and only the needed modules, as each takes
 * seconds under emulation. Source: cloud-init, "Kernel command line".
 */
const IMAGE_CONFIG = JSON.stringify({
  cloud_init_modules: ['set_hostname', 'update_etc_hosts', 'users_groups', 'ssh'],
  cloud_config_modules: [],
  cloud_final_modules: ['keys_to_console'],
  system_info: {
    default_user: { name: 'admin', lock_passwd: true, shell: '/bin/bash', sudo: ['ALL=(ALL) NOPASSWD:ALL'] },
  },
});

/** The image's boot arguments, and other data for cloud-init. */
export const KERNEL_ARGUMENTS = `root=LABEL=root rw rootflags=noinit_itable console=ttyS0 quiet net.ifnames=0 mitigations=off apparmor=0 selinux=0 ds=nocloud cc: ${IMAGE_CONFIG} end_cc`;

const quiet: ProviderIo = { signal: new AbortController().signal, report: () => undefined, warn: () => undefined };

/** A Debian with cloud-init and Docker, like a cloud provider's; built once. */
export async function cloudImage(): Promise<BootImage> {
  const local = localCommands(() => undefined, process.env);
  const tools = await findTools({ local, root: true, mayInstall: true }, quiet);
  await tools.needBuildTools(quiet);
  return builtImage(
    {
      distribution: 'debian-13',
      docker: true,
      kernelFrom: tools.qemuVersion >= 10 ? 'debian-13' : 'debian-12',
      mirror: await findMirror(undefined),
      extra: ['cloud-init'],
    },
    { local, root: true, cache: cacheFolder(process.env) },
    quiet,
  );
}
