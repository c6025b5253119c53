import { messageOf, SwarmupError } from '../errors.ts';
import type { SshEndpoint } from '../providers/provider.ts';

export function engineUnreachable(name: string, socket: string, cause: Error): SwarmupError {
  return new SwarmupError(
    'ENGINE_UNREACHABLE',
    `${name}: the Docker Engine doesn't answer on ${socket}: ${cause.message}`,
    {
      fix: `Run 'swarmup up' to install and start it, or look with: swarmup ssh ${name} -- systemctl status docker`,
      cause,
    },
  );
}

export function connectError(name: string, endpoint: SshEndpoint, cause: unknown, keyChanged: boolean): SwarmupError {
  const where = `${endpoint.user}@${endpoint.host}:${endpoint.port}`;
  if (keyChanged) {
    return new SwarmupError(
      'SSH_HOST_KEY_CHANGED',
      `${name}: the server at ${where} has another host key than the one pinned for this machine`,
      {
        fix: "Something else answers there, or the machine was rebuilt elsewhere. Don't go on before you know which; 'swarmup down' and 'up' make it anew.",
        cause,
      },
    );
  }
  if (/authentication methods failed/i.test(messageOf(cause))) {
    return new SwarmupError('SSH_AUTH_FAILED', `${name}: ${where} refuses the key ${endpoint.identityFile}`, {
      fix: `Add the public key ${endpoint.identityFile}.pub to ~${endpoint.user}/.ssh/authorized_keys on ${name}.`,
      cause,
    });
  }
  return new SwarmupError('SSH_UNREACHABLE', `${name}: no SSH connection to ${where}: ${messageOf(cause)}`, {
    fix: `See whether the machine runs (swarmup status) and whether ${endpoint.host} port ${endpoint.port} can be reached from here.`,
    cause,
  });
}

export function tunnelError(bastion: string, host: string, port: number, cause: Error): SwarmupError {
  return new SwarmupError('SSH_UNREACHABLE', `${bastion} can't reach ${host}:${port}: ${cause.message}`, {
    fix: `See whether ${host} runs and lets ${bastion} in, and whether the bastion's sshd allows it (AllowTcpForwarding).`,
    cause,
  });
}
