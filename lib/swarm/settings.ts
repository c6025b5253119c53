import * as api from '../remote/engine-api.ts';
import type { Engine } from '../contracts/engine.ts';
import { Secret } from '../util/secret.ts';
import type { Labels } from './labels.ts';
import { readAndWrite } from './versioned.ts';

/** The swarm in the response to GET /swarm, with the fields that swarmup reads. */
export interface SwarmObjectState {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly CreatedAt?: string;
  readonly Spec: SwarmSpec;
  /** The root certificate in PEM. */
  readonly TLSInfo?: { readonly TrustRoot?: string };
  readonly RootRotationInProgress?: boolean;
  /** The pools that overlay networks get their addresses from. */
  readonly DefaultAddrPool?: readonly string[];
  /** The prefix length of each overlay network. */
  readonly SubnetSize?: number;
  /** The UDP port of VXLAN. */
  readonly DataPathPort?: number;
  readonly JoinTokens: { readonly Manager: string; readonly Worker: string };
}

export interface SwarmSpec {
  readonly Labels?: Labels | null;
  /** NodeCertExpiry in ns. */
  readonly CAConfig?: {
    readonly ForceRotate?: number;
    readonly NodeCertExpiry?: number;
    readonly ExternalCAs?: readonly object[];
  };
  readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean };
  /** HeartbeatPeriod in ns. */
  readonly Dispatcher?: { readonly HeartbeatPeriod?: number };
  readonly Orchestration?: { readonly TaskHistoryRetentionLimit?: number };
  readonly Raft?: {
    readonly SnapshotInterval?: number;
    readonly KeepOldSnapshots?: number;
    readonly LogEntriesForSlowFollowers?: number;
  };
}

/** What to rotate in addition to a change of the specification. Source: POST /swarm/update. */
export interface Rotation {
  readonly rotateWorkerToken?: true;
  readonly rotateManagerToken?: true;
  readonly rotateManagerUnlockKey?: true;
}

export function readSwarm(manager: Engine): Promise<SwarmObjectState> {
  return manager.call('read the swarm', (docker): Promise<SwarmObjectState> => docker.swarmInspect());
}

/** Reads the swarm's specification, changes it and writes it back; everything else in it is kept. */
export async function updateSwarm(
  manager: Engine,
  what: string,
  change: (spec: SwarmSpec) => SwarmSpec,
  rotation: Rotation = {},
): Promise<void> {
  await readAndWrite(async () => {
    const { Version, Spec } = await readSwarm(manager);
    await manager.call(what, (docker) =>
      docker.swarmUpdate({ _query: { version: Version.Index, ...rotation }, _body: change(Spec) }),
    );
  });
}

/** The key that managers need after a restart while autolock is on; undefined while it is off. Source: GET /swarm/unlockkey. */
export async function unlockKeyOf(manager: Engine): Promise<Secret | undefined> {
  const key = await manager.call('read the unlock key', (docker) => api.unlockKey(docker));
  return key === '' ? undefined : new Secret(key);
}

/** Lets a locked manager read its Raft log. Source: POST /swarm/unlock. */
export async function unlock(engine: Engine, key: Secret): Promise<void> {
  await engine.call('unlock the swarm', (docker) => api.unlock(docker, key.reveal()));
}
