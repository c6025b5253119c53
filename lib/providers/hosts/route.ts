import type { OpenSshRoute } from '../../contracts/endpoint.ts';
import { destinationOf, type ClientConfig } from '../../remote/client-config.ts';
import type { ServerName } from '../../remote/server-name.ts';
import type { Trust } from '../../remote/known-hosts.ts';

/** What makes host keys known that no file lists. */
const VERIFIERS = ['@cert-authority', 'knownhostscommand', 'verifyhostkeydns', 'nohostauthenticationforlocalhost'];

/** Whether only OpenSSH can say if a server's host key is the right one. */
export function isVerifiedByOpenSsh(route: OpenSshRoute | undefined): boolean {
  return route?.needs.some((key) => VERIFIERS.includes(key)) ?? false;
}

export interface Destination {
  readonly server: ServerName;
  readonly configFile: string | undefined;
  /** The file of host keys accepted through swarmup. */
  readonly accepted: string;
}

/** The way to a server through OpenSSH's own client, which has to know the host keys accepted through swarmup. */
export function routeTo(config: ClientConfig, trust: Trust, destination: Destination): OpenSshRoute | undefined {
  const { server, configFile, accepted } = destination;
  if (!config.openssh) return undefined;
  const files = [...config.knownHostsFiles, accepted].map((file) => `"${file.replaceAll('%', '%%')}"`);
  const settings = [
    ...(config.acceptNew ? ['StrictHostKeyChecking=accept-new'] : []),
    ...(trust.keys.some(({ file }) => file === accepted) ? [`UserKnownHostsFile=${files.join(' ')}`] : []),
  ];
  return {
    ...config.openssh,
    args: [...settings.flatMap((setting) => ['-o', setting]), ...destinationOf(server, configFile)],
    needs: [...config.openssh.needs, ...(trust.hasAuthority ? ['@cert-authority'] : [])],
  };
}
