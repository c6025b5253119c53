import { ownSettings, type DaemonState } from '../../docker/daemon-config.ts';
import { proxyOf } from '../../docker/proxy.ts';
import { maskSecrets } from '../../util/secret-shapes.ts';

/** What is written of the engines: only what swarmup once set, as without it `plan` would go back to the defaults. */
export interface WrittenDocker {
  readonly docker: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

/**
 * @param found the configuration of the manager's engine; that of the other nodes isn't asked
 * @throws SwarmupError DAEMON_CONFIG_INVALID
 */
export function writtenDocker(found: DaemonState & { readonly proxy: string }): WrittenDocker {
  const all = Object.entries(ownSettings(found));
  const said = all.filter(([, value]) => !hasSecret(value));
  const secret = all.filter(([, value]) => hasSecret(value)).map(([key]) => key);
  return {
    docker: { ...proxyOf(found.proxy), ...(said.length > 0 ? { daemon: Object.fromEntries(said) } : {}) },
    notes: secret.length > 0 ? [`Add these keys to docker.daemon, as they hold a secret: ${secret.join(', ')}.`] : [],
  };
}

function hasSecret(value: unknown): boolean {
  const text = JSON.stringify(value);
  return maskSecrets(text) !== text;
}
