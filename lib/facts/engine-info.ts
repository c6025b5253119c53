import type { Fact } from './fact.ts';

/** The engine as the docker command on the host sees it, before swarmup talks to it; undefined when none answers. */
export type EngineInfo =
  | {
      readonly version: string;
      readonly kind: 'ordinary' | 'rootless' | 'snap' | 'podman';
      readonly swarm: {
        /** inactive, pending, active, error, locked */
        readonly state: string;
        readonly nodeId: string;
        /** Known only to managers. */
        readonly clusterId: string;
      };
    }
  | undefined;

/** Sources: docker-info(1), `--format {{json .}}`; podman answers to `docker` where podman-docker is installed. */
export const engineInfo: Fact<EngineInfo> = {
  command: [
    'case "$(docker --version)" in *[Pp]odman*) echo podman ;; esac',
    "docker info --format '{{json .}}'",
    // Rootless engines belong to users; root's docker command doesn't see them. A process of any user may have any
    // arguments, so none are printed, and only a program that root installed counts.
    'for p in $(pgrep -f rootlesskit); do case "$(readlink "/proc/$p/exe")" in',
    '*/rootlesskit*) [ "$(stat -L -c %u "/proc/$p/exe")" = 0 ] && echo rootless && break ;; esac; done',
  ].join('\n'),
  parse: (output) => {
    if (/^podman$/m.test(output))
      return { version: '', kind: 'podman', swarm: { state: 'inactive', nodeId: '', clusterId: '' } };
    const line = output.split('\n').find((one) => one.startsWith('{'));
    const info: Info = line === undefined ? {} : parseJson(line);
    const rootless =
      info.SecurityOptions?.some((option) => option.includes('rootless')) ||
      (!info.ServerVersion && /rootless/.test(output));
    if (!info.ServerVersion && !rootless) return undefined;
    const kind = rootless ? 'rootless' : info.DockerRootDir?.startsWith('/var/snap/') ? 'snap' : 'ordinary';
    const { LocalNodeState: state = 'inactive', NodeID: nodeId = '', Cluster } = info.Swarm ?? {};
    return { version: info.ServerVersion ?? '', kind, swarm: { state, nodeId, clusterId: Cluster?.ID ?? '' } };
  },
};

interface Info {
  readonly ServerVersion?: string;
  readonly DockerRootDir?: string;
  readonly SecurityOptions?: readonly string[];
  readonly Swarm?: {
    readonly LocalNodeState?: string;
    readonly NodeID?: string;
    readonly Cluster?: { readonly ID?: string } | null;
  };
}

function parseJson(text: string): Info {
  try {
    return JSON.parse(text);
  } catch {
    // An answer in another form doesn't come from a Docker Engine.
    return {};
  }
}
