import { installerOf } from '../../docker/installers.ts';
import { DATA_ROOT } from '../../facts/resources.ts';
import { holderOf, watchHolder } from '../../facts/package-lock.ts';
import type { Server } from '../../facts/reachable.ts';
import { quoteThroughSsh } from '../../util/shell-quote.ts';
import { visibleLine } from '../../util/visible.ts';
import { fatal, warning, type Rule } from './rule.ts';

/** The architectures that Docker is packaged for. Source: download.docker.com and the distributions' own packages. */
const ARCHITECTURES = ['x86_64', 'aarch64', 'armv7l', 'ppc64le', 's390x', 'riscv64'] as const;

/**
 * The free disk space before Docker is installed and the memory that a node needs, in MiB. A "1 GiB" machine reports
 * less.
 */
const DISK_MIB = 5 * 1024;
const MEMORY_MIB = 900;
/** The free disk space that is enough once Docker is installed, in MiB. */
const DISK_LEFT_MIB = 1024;

const architecture: Rule = (host) => {
  const { architecture: found } = host.facts.platform;
  if (ARCHITECTURES.some((known) => known === found)) return [];
  return [
    fatal(host, 'architecture', {
      message: `its architecture is ${found || 'unknown'}, for which there is no Docker`,
      fix: `Use a machine with ${ARCHITECTURES.slice(0, 2).join(' or ')}.`,
    }),
  ];
};

const container: Rule = (host) => {
  const { container: kind } = host.facts.platform;
  if (kind === '') return [];
  return [
    fatal(host, 'container', {
      message: `it is a ${kind} container, not a machine: overlay networks and the routing mesh need their own kernel`,
      fix: 'Use a virtual or a physical machine.',
    }),
  ];
};

const system: Rule = (host, { cluster }) => {
  const { os, platform, engine } = host.facts;
  const { source } = cluster.docker;
  if (platform.init === 'other')
    return [
      fatal(host, 'system', {
        message: 'it runs neither systemd nor OpenRC, one of which has to start Docker',
        fix: 'Use a system with systemd.',
      }),
    ];
  if (engine || source === 'preinstalled' || installerOf(os, source)) return [];
  return [
    fatal(host, 'system', {
      message: `it runs ${os.prettyName || 'an unknown system'}, on which swarmup can't install Docker${source === 'official' ? " from Docker's repository" : ''}`,
      fix: 'Install Docker there by hand, and set docker.source: preinstalled.',
    }),
  ];
};

const kernelModules: Rule = (host) => {
  const { missingModules: missing, runningKernel: kernel, os } = host.facts;
  if (missing.length === 0) return [];
  const run = `swarmup ssh ${host.node.name} -- sudo`;
  if (!kernel.hasModules)
    return [
      fatal(host, 'kernel-modules', {
        message: `its running kernel ${kernel.release} has no modules on the disk any more (/lib/modules/${kernel.release}), as after an upgrade of the kernel: ${missing.join(', ')} can't be loaded`,
        fix: `Reboot it into the new kernel: ${run} systemctl reboot`,
      }),
    ];
  const add = os.families.includes('debian')
    ? `Boot a distribution kernel, not a stripped one; on Ubuntu: ${run} apt-get install -y linux-modules-extra-${kernel.release}`
    : `${run} dnf install -y kernel-modules-extra-${kernel.release}, or without the version, and then a reboot: ${run} systemctl reboot`;
  return [
    fatal(host, 'kernel-modules', {
      message: `its kernel ${kernel.release} has no ${missing.join(', ')}, which overlay networks and the routing mesh need`,
      fix: add,
    }),
  ];
};

const appArmor: Rule = (host) => {
  const { enabled, parser } = host.facts.appArmor;
  if (!enabled || parser || !host.facts.engine) return [];
  return [
    fatal(host, 'apparmor', {
      message: 'AppArmor is on but apparmor_parser is missing, so that the engine cannot start any container',
      fix: `Install it: swarmup ssh ${host.node.name} -- sudo ${host.facts.os.families.includes('debian') ? 'apt-get install apparmor' : 'zypper install apparmor-parser'}`,
    }),
  ];
};

const resources: Rule = (host) => {
  const { dataRoot, diskMiB, memoryMiB } = host.facts.resources;
  const least = host.facts.engine ? DISK_LEFT_MIB : DISK_MIB;
  const found = [];
  if (diskMiB < least)
    found.push(
      fatal(host, 'disk', {
        message: `${inGiB(diskMiB)} GiB are free for ${dataRoot}, and at least ${inGiB(least)} GiB are needed: images would fill the disk`,
        fix: `Free space, mount a larger disk there, or name another folder: docker.daemon, data-root. To find what uses it: swarmup ssh ${host.node.name} -- sudo du -xh --max-depth=2 ${dataRoot === DATA_ROOT ? '/var' : quoteThroughSsh([dataRoot])}`,
      }),
    );
  if (memoryMiB < MEMORY_MIB)
    found.push(
      fatal(host, 'memory', {
        message: `it has ${memoryMiB} MiB of memory, and at least 1 GiB is needed: with less, the kernel kills engines`,
        fix: 'Give it more memory.',
      }),
    );
  return found;
};

const packageLock: Rule = (host) => {
  const { packageLock: lock, engine } = host.facts;
  if (!lock || engine) return [];
  return [
    warning(host, 'package-lock', {
      message: `${visibleLine(holderOf(lock))}; installing waits for it up to 10 minutes`,
      fix: `If it never ends, see what it does: swarmup ssh ${host.node.name} -- ${watchHolder(lock)}`,
    }),
  ];
};

/** Without any source nothing can be installed; one missing source of several may not matter. */
const packageSources: Rule = (host, { cluster }) => {
  const { packageSources: sources } = host.facts;
  const lost = outOfReach(sources);
  const { source, proxy } = cluster.docker;
  if (lost.length === 0 || source === 'preinstalled' || proxy !== undefined) return [];
  const say = lost.length === sources.length ? fatal : warning;
  return [
    say(host, 'package-source', {
      message: `it can't reach its package sources ${lost.join(', ')}: Docker can't be installed`,
      fix: `Check its internet connection and its sources: swarmup ssh ${host.node.name} -- sudo apt-get update; or install Docker by hand and set docker.source: preinstalled.`,
    }),
  ];
};

/** Fatal only if the images can't come from elsewhere: the engine, which may have them, an archive or a mirror. */
const registries: Rule = (host, { cluster }) => {
  const { registries: asked, engine, daemon, surroundings } = host.facts;
  const lost = outOfReach(asked);
  // Behind a proxy nothing is connected to directly.
  if (lost.length === 0 || surroundings.proxies.length > 0) return [];
  const mirrored = 'values' in daemon && 'registry-mirrors' in daemon.values;
  const say = engine || mirrored || cluster.images.load.length > 0 ? warning : fatal;
  return [
    say(host, 'registry', {
      message: `it can't reach ${lost.join(', ')}, from which images are pulled`,
      fix: 'Allow connections there, supply the images as archives (images.load), or name a mirror: docker.daemon, registry-mirrors.',
    }),
  ];
};

function outOfReach(servers: readonly Server[]): string[] {
  return servers.filter(({ reachable }) => !reachable).map(({ server }) => server);
}

function inGiB(mib: number): string {
  return (mib / 1024).toFixed(mib < 10 * 1024 ? 1 : 0);
}

export const machineRules: readonly Rule[] = [
  architecture,
  container,
  system,
  kernelModules,
  appArmor,
  resources,
  packageLock,
  packageSources,
  registries,
];
