import type { Explanation } from './explanation.ts';

/** Errors of hosts and their Docker Engines. */
export const engines = {
  ENGINE_UNREACHABLE: {
    meaning: "The host answers, but its Docker Engine doesn't.",
    causes: [
      "Docker isn't installed, or stopped.",
      'The login user may not use its socket, and sudo is not possible.',
      'A broken daemon.json.',
    ],
    look: '`swarmup ssh NODE -- systemctl status docker`.',
    fix: '`swarmup up` installs and starts it.',
    example: `✖ join-workers on worker1: worker1: the Docker Engine doesn't answer on /var/run/docker.sock: connect ENOENT
  fix  Run 'swarmup up' to install and start it, or check with: swarmup ssh worker1 -- systemctl status docker`,
  },
  ENGINE_REFUSED: {
    meaning: 'The Docker Engine answered a request with an error. Its own words are in the message.',
    causes: [
      "A value that this version of the engine doesn't know.",
      'Something on the host that prevents it: a port, a path, an interface.',
    ],
    look: "The engine's log: `swarmup ssh NODE -- sudo journalctl -u docker -n 50`.",
    fix: 'Correct what the engine names, then run again.',
    example: `✖ init-manager on manager1: manager1: couldn't initialise the swarm: must specify a listening address
  fix  This is the engine's own message; for more, read its log: swarmup ssh manager1 -- journalctl -u docker -n 50`,
  },
  ENGINE_SILENT: {
    meaning: "The Docker Engine took a request and didn't answer in time. swarmup tries again once.",
    causes: ['The machine is overloaded.', 'The engine hangs, such as on a slow or full disk.'],
    look: "`swarmup ssh NODE -- uptime`, and the engine's log.",
    fix: 'Run again; if it stays silent, restart the engine: `swarmup ssh NODE -- sudo systemctl restart docker`.',
    example: `✖ pull-images on worker1: worker1: couldn't list the images: the Docker Engine didn't answer within 180 s
  fix  It may be overloaded or hanging. Read its log: swarmup ssh worker1 -- sudo journalctl -u docker -n 50; then run again.`,
  },
  PREFLIGHT_FAILED: {
    meaning: 'A host has a problem that would keep it from being a node, so nothing was changed on any of them.',
    causes: [
      'A port that something else listens on.',
      "Hosts that can't reach each other.",
      'Too little memory or disk, a wrong clock, a missing kernel module.',
    ],
    look: '`swarmup doctor` checks all hosts and the network between them, and changes nothing.',
    fix: 'Each problem has its own fix; `swarmup doctor` checks again.',
    example: `✖ preflight on db1: db1: 2 problems keep it from being a node
    port 2377/tcp: used by haproxy (process 812); stop it, or use another host
  fix  Fix them as described above; 'swarmup doctor' checks again and changes nothing.`,
  },
  INSTALL_UNSUPPORTED: {
    meaning: "swarmup can't install Docker, or not this version, on this system.",
    causes: [
      'A distribution without a package of Docker.',
      "`docker.version` isn't in the package sources.",
      'docker.service is masked.',
      '`docker.source: preinstalled` without Docker.',
    ],
    look: '`swarmup ssh NODE -- cat /etc/os-release`, and the versions that the error lists.',
    fix: 'Set another `docker.source` or `docker.version`, or install Docker by hand with `docker.source: preinstalled`.',
    example: `✖ install-docker on db1: no Docker Engine answers on db1, and docker.source is preinstalled
  fix  Install Docker there, or set docker.source: auto.`,
  },
  INSTALL_CONFLICT: {
    meaning: "Another package on the host is in the way of Docker. swarmup removes nothing that it didn't install.",
    causes: ['podman-docker, or an older docker package.', 'containerd from another source.'],
    look: "The package manager's words are below the message.",
    fix: 'Remove that package by hand, if nothing needs it.',
    example: `✖ install-docker on db1: db1: Docker can't be installed beside podman-docker, which is installed
  fix  swarmup removes nothing that it didn't install. If nothing there needs it, run: swarmup ssh db1 -- sudo dnf remove podman-docker`,
  },
  INSTALL_FAILED: {
    meaning: "A host's package manager can't install Docker, for a reason that the message names.",
    causes: [
      "The host can't reach a package source, or a proxy refuses it.",
      "A package source's signature, key or certificate can't be verified.",
      "A package source has no packages for the host's release.",
      'The disk is full, or the clock is wrong.',
      "An interrupted installation that dpkg can't complete, or packages that don't fit together.",
    ],
    look: "The package manager's last lines are below the message. On the host: `sudo apt-get update`, `sudo dnf makecache`, `sudo zypper refresh`.",
    fix: 'As the error says, and run again: swarmup continues where it stopped.',
    example: `✖ install-docker on worker1: worker1: its clock is behind: http://mirror.example.org/debian/dists/trixie/InRelease is not valid yet there (invalid for another 2h 59min 50s)
    E: Release file for http://mirror.example.org/debian/dists/trixie/InRelease is not valid yet (invalid for another 2h 59min 50s). Updates for this repository will not be applied.
  fix  Set its clock: swarmup ssh worker1 -- sudo timedatectl set-ntp true; then run again.`,
  },
  ENGINE_START_FAILED: {
    meaning: "Docker is installed on the host, but its engine doesn't start. The end of its log is below the message.",
    causes: [
      "A kernel module is missing, or the kernel was upgraded and the machine wasn't rebooted.",
      'AppArmor is on without apparmor_parser.',
      'The disk is full.',
      "containerd doesn't run.",
    ],
    look: "The engine's log: `swarmup ssh NODE -- sudo journalctl -u docker -n 50`.",
    fix: 'Mend what its log names, and run again.',
    example: `✖ install-docker on db1: the Docker Engine on db1 doesn't start: its kernel has no module for iptables' addrtype
    Extension addrtype revision 0 not supported, missing kernel module?
  fix  If the kernel was upgraded since the last boot: swarmup ssh db1 -- sudo systemctl reboot. On Red Hat and its relatives first: sudo dnf install -y kernel-modules-extra`,
  },
  DAEMON_CONFIG_INVALID: {
    meaning:
      "The engine doesn't accept `docker.daemon`, or the host's daemon.json can't be read. A running engine kept its old settings.",
    causes: [
      'A misspelt key, or a value of the wrong kind.',
      'A daemon.json that was edited by hand.',
      'A data-root that would lose the swarm.',
    ],
    look: '`swarmup ssh NODE -- sudo dockerd --validate`.',
    fix: 'Correct `docker.daemon` in the cluster file, or the file on the host.',
    example: `✖ install-docker on db1: db1: the Docker Engine there refuses docker.daemon (log-driver); nothing was changed
  fix  Correct docker.daemon in the cluster file: see the engine's message, and docs.docker.com, dockerd.`,
  },
  IMAGE_UNREACHABLE: {
    meaning: "A node can't get an image.",
    causes: [
      'A misspelt name or tag.',
      'A private registry without credentials (images.registryAuth).',
      'No way from the node to the registry.',
      'A rate limit of the registry.',
    ],
    look: '`swarmup ssh NODE -- sudo docker pull IMAGE`.',
    fix: 'Correct the name, log in here (`docker login`) with `images.registryAuth: true`, set `docker.proxy`, or supply the image with `images.load`.',
    example: `✖ pull-images on worker1: worker1: registry.example.org/team/app:2 can't be pulled: no basic auth credentials
  fix  Correct the image name, make the registry reachable from the nodes, or supply an archive (docker save) with images.load.`,
  },
  IMAGE_ARCHIVE_INVALID: {
    meaning: "A file of `images.load` isn't an archive of images, or an engine can't load it.",
    causes: ['A file made by `docker export`, which has no image.', 'A damaged or incomplete file.'],
    look: '`tar -tf FILE | grep manifest.json` prints manifest.json for an archive of images.',
    fix: 'Write it again: `docker save -o FILE IMAGE`.',
    example: `✖ pull-images on worker1: images/app.tar is not an image archive: it has no manifest.json
  fix  Write one with: docker save -o FILE IMAGE`,
  },
} as const satisfies Record<string, Explanation>;
