import type { Fact } from './fact.ts';

export interface OsRelease {
  /** debian, ubuntu, fedora, ... */
  readonly id: string;
  /** The families it is like, itself first: ['ubuntu', 'debian']. */
  readonly families: readonly string[];
  /** trixie, noble, ... ; of a derivative, that of the Ubuntu or Debian it is built from; empty if there is none */
  readonly codename: string;
  readonly prettyName: string;
}

/** Sources: os-release(5); docs.docker.com/engine/install/ubuntu, for UBUNTU_CODENAME; Linux Mint's LMDE has DEBIAN_CODENAME. */
export const osRelease: Fact<OsRelease> = {
  command: 'cat /etc/os-release',
  parse: (output) => {
    const values = new Map(
      output.split('\n').flatMap((line) => {
        const match = /^([A-Z_]+)=(.*)$/.exec(line);
        return match?.[1] === undefined ? [] : [[match[1], (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2')] as const];
      }),
    );
    const id = values.get('ID') ?? '';
    return {
      id,
      families: [id, ...(values.get('ID_LIKE') ?? '').split(' ')].filter((word) => word !== ''),
      codename:
        ['UBUNTU_CODENAME', 'DEBIAN_CODENAME', 'VERSION_CODENAME'].map((key) => values.get(key)).find(Boolean) ?? '',
      prettyName: values.get('PRETTY_NAME') ?? id,
    };
  },
};
