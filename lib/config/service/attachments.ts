import { z } from 'zod';
import { fileMode, text, texts } from './entries.ts';

/** What services refer to by name: networks, secrets and configs. */

/** A network that a service is attached to. */
export interface Attachment {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly driverOptions?: Readonly<Record<string, string>> | undefined;
}

/** With its place in the file: an index, or a key of a map. */
type Written = Attachment & { readonly entry: number | string };

const details = {
  aliases: z.array(text()).default([]).describe("Further names of the service in the network's DNS."),
  driverOptions: texts().optional().describe("Options of this attachment, for the network's driver."),
};

const attachment = z.union([
  z
    .string()
    .min(1)
    .transform((name): Attachment => ({ name, aliases: [] })),
  z.strictObject({ name: z.string().min(1).describe('Its name in this file, or host.'), ...details }),
]);

/** Networks of a service: a list of names or parts, or as in Compose files a map of names and parts. */
export const networks = () =>
  z
    .union([
      z.array(attachment).transform((list) => list.map((one, entry): Written => ({ ...one, entry }))),
      z
        .record(z.string(), z.strictObject(details).nullable())
        .transform((map) =>
          Object.entries(map).map(([name, one]): Written => ({ aliases: [], ...one, name, entry: name })),
        ),
    ])
    .optional()
    .describe(
      'Networks of this file, by name, or { name, aliases, driverOptions }; host and none are those of the nodes.',
    );

export const grants = (kind: 'secret' | 'config', folder: string) =>
  z
    .array(
      z.union([
        z.string().min(1),
        z.strictObject({
          source: z.string().min(1).describe('Its name in this file.'),
          target: z.string().min(1).optional().describe(`The file's name, or path; default: its name, in ${folder}.`),
          uid: text().default('0').describe("The file's owner; default: 0."),
          gid: text().default('0').describe("The file's group; default: 0."),
          mode: fileMode().default(0o444).describe("The file's mode, octal, such as 0440; default: 0444."),
        }),
      ]),
    )
    .optional()
    .describe(
      `${kind === 'secret' ? 'Secrets' : 'Configs'} of this file, by name, or { source, target, uid, gid, mode }.`,
    );

/** Where a Windows container gets its managed service account. */
export const credentialSpec = () =>
  z
    .strictObject({
      config: z.string().min(1).optional().describe('A config of this file that has it.'),
      file: z.string().min(1).optional().describe("A file in the engine's folder CredentialSpecs."),
      registry: z.string().min(1).optional().describe("A value in the nodes' registry."),
    })
    .refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, {
      error: 'expected one of config, file and registry',
    })
    .optional()
    .describe('Windows: the credential spec of a managed service account.');
