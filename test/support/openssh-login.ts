import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Provider } from '../../lib/contracts/provider.ts';
import { machineTable } from '../../lib/providers/machine-table.ts';
import { sshAccess } from '../../lib/providers/hosts/directory.ts';
import { localCommands } from '../../lib/remote/local.ts';
import { SshRemote } from '../../lib/remote/remote.ts';
import { verifyHostKeys } from '../../lib/session/verify-host-keys.ts';
import { hasCode } from '../../lib/util/errors.ts';

interface Login {
  /** An ssh_config(5) file. */
  readonly file: string;
  readonly host: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clusterFile: string;
}

/** The ways in which a login may be refused. */
const REFUSALS = [
  'SSH_AUTH_FAILED',
  'SSH_HOST_KEY_CHANGED',
  'SSH_HOST_KEY_UNKNOWN',
  'SSH_UNREACHABLE',
  'SSH_NO_COMMON_ALGORITHM',
  'LOCAL_COMMAND_FAILED',
] as const;

const signal = new AbortController().signal;

/** Logs in as a run without a terminal does, and runs a command. @returns the error's message if swarmup refuses */
export async function loginBySwarmup({ file, host, env, clusterFile }: Login): Promise<string | undefined> {
  const state = mkdtempSync(join(tmpdir(), 'swarmup-state-'));
  const emit = () => undefined;
  const own = { ...process.env, ...env };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parts of the options that the access uses
  const options = {
    cluster: { file: clusterFile, stateDir: join(state, 'mine') },
    local: localCommands(emit, own),
    env: own,
  } as unknown as Parameters<typeof sshAccess>[0];
  try {
    const access = () => sshAccess(options, { sshConfig: file });
    const hosts = [{ name: 'node1', host: { address: host } }];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the verification uses of a provider
    const provider = { unknownHosts: () => access().unknownHosts(hosts) } as unknown as Provider;
    await verifyHostKeys(provider, { acceptNew: false, prompts: undefined, emit, signal });
    const ssh = await access().endpointOf('node1', { address: host });
    const remote = new SshRemote(machineTable([{ name: 'node1', state: 'running', address: '10.0.0.1', ssh }]), emit);
    try {
      const connection = await remote.host('node1', signal);
      expect((await connection.run(['printf', '%s', "it's"], { asRoot: false })).stdout).toBe("it's");
    } finally {
      await remote.close();
    }
    return undefined;
  } catch (error) {
    if (hasCode(error, ...REFUSALS)) return error.message;
    throw error;
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
