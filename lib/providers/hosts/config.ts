import { z } from 'zod';
import { sshJumps, sshUser } from '../../config/grammar.ts';

/** The keys that say how machines are logged in to, of `hosts` and of any provider whose machines exist already. */
export const sshKeys = {
  user: sshUser()
    .optional()
    .describe('Whom to log in as; default: as ~/.ssh/config says, else the user of this computer.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('The port of the SSH servers; default: as ~/.ssh/config says, else 22.'),
  identityFile: z
    .string()
    .min(1)
    .optional()
    .describe('A private key, relative to the cluster file, tried before those of ~/.ssh/config and the agent.'),
  bastion: sshJumps()
    .optional()
    .describe(
      "SSH servers to go through, as OpenSSH's ProxyJump: [user@]host[:port], several separated by commas; default: as ~/.ssh/config says, `none` for none.",
    ),
  sudoPassword: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The user's password for sudo, such as ${SUDO_PASSWORD}; default: SWARMUP_SUDO_PASSWORD, else it is asked for once on the terminal where sudo wants one.",
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
  .describe('Machines that exist already, reached by SSH. They are never created, powered off or taken away.');

export type HostsConfig = z.output<typeof hostsConfig>;

/** How machines are logged in to, where nothing else is said of one: the values of `sshKeys`. */
export type SshDefaults = HostsConfig;
