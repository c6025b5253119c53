import { z } from 'zod';
import { sshJumps, sshUser } from '../../config/grammar.ts';

/** The keys for logging in to machines, for `hosts` and any other provider of existing machines. */
export const sshKeys = {
  user: sshUser()
    .optional()
    .describe('The login user; default: that of ~/.ssh/config, else the user of this computer.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('The port of the SSH servers; default: that of ~/.ssh/config, else 22.'),
  identityFile: z
    .string()
    .min(1)
    .optional()
    .describe('A private key, relative to the cluster file, tried before those of ~/.ssh/config and the agent.'),
  bastion: sshJumps()
    .optional()
    .describe(
      "SSH servers to go through, as OpenSSH's ProxyJump: [user@]host[:port], several separated by commas; default: those of ~/.ssh/config. `none` for none.",
    ),
  sudoPassword: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The user's password for sudo, such as ${SUDO_PASSWORD}; default: SWARMUP_SUDO_PASSWORD, else it is asked for once on the terminal if sudo needs one.",
    ),
  sshConfig: z
    .string()
    .min(1)
    .optional()
    .describe("An OpenSSH configuration to use instead of the user's and the system's, relative to the cluster file."),
};

/** The provider section of a cluster file with `type: hosts`. */
export const hostsConfig = z
  .strictObject(sshKeys)
  .describe('Existing machines, reached over SSH. They are never created, powered off or removed.');

export type HostsConfig = z.output<typeof hostsConfig>;

/** The login settings of machines without their own: the values of `sshKeys`. */
export type SshDefaults = HostsConfig;
