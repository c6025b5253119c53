import { SwarmupError } from '../../util/errors.ts';
import { localCommands } from '../../remote/local.ts';
import { sshArguments, sshConfigText } from '../../remote/openssh.ts';
import { print, printJson } from '../../render/output.ts';
import type { CommonOptions } from '../options.ts';
import { clusterOf, withSession } from '../session.ts';
import { requireKnown } from '../../util/require-known.ts';
import { writeKnownHosts, isKnown } from '../known-hosts.ts';

/** OpenSSH on a node, with the pinned host key. @returns the exit status of ssh */
export async function ssh(node: string, argv: readonly string[], options: CommonOptions): Promise<number> {
  return withSession(await clusterOf(options), options, async ({ context, emit }) => {
    requireKnown(
      'node',
      node,
      context.cluster.nodes.map((one) => one.name),
    );
    const local = localCommands(emit, context.env);
    const client = await local.which('ssh');
    if (!client)
      throw new SwarmupError('PACKAGE_MISSING', 'this computer has no ssh program', {
        fix: 'Install the OpenSSH client (on Debian: openssh-client).',
      });
    const file = await writeKnownHosts(context);
    const machine = context.machines.running(node);
    const output = await local.run([client, ...sshArguments(machine, file), ...argv], {
      interactive: true,
      okExit: 'any',
    });
    return output.exitCode;
  });
}

/** OpenSSH configuration for all machines, with one Host per node. */
export async function sshConfig(options: CommonOptions): Promise<number> {
  return withSession(await clusterOf(options), options, async ({ context }) => {
    const file = await writeKnownHosts(context);
    const machines = context.machines.all().filter(isKnown);
    if (options.json)
      printJson(machines.map((machine) => ({ name: machine.name, ...machine.ssh, knownHostsFile: file })));
    else print(sshConfigText(machines, file));
    return 0;
  });
}
