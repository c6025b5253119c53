import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { program } from './cli.ts';

/** The QEMU processes of a cluster, or of one of its nodes, found by the mark in their arguments. */
export function qemuProcesses(cluster: string, node?: string): number[] {
  const marked = (word: string) =>
    word.startsWith('guest=swarmup/') &&
    (node === undefined ? word.includes(`/${cluster}/`) : word.endsWith(`/${cluster}/${node}`));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(name).some(marked))
    .map(Number);
}

/** The processes of the hub that joins a cluster's machines. */
export function hubProcesses(cluster: string): number[] {
  const marked = (word: string) => word.startsWith('guest=swarmup-hub/') && word.endsWith(`/${cluster}`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(name).some(marked))
    .map(Number);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // The process ended while it was being read.
    return [];
  }
}

/** One GET over a new connection, without swarmup's code. */
export function get(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, timeout: 30_000 }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

/** Runs a command on a node through OpenSSH with swarmup's ssh-config: not through swarmup's own connection. */
export async function onNode(sshConfig: string, node: string, command: string): Promise<string> {
  return (await program('ssh', ['-F', sshConfig, '-o', 'BatchMode=yes', node, command])).trim();
}
