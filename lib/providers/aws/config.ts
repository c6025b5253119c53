import { z } from 'zod';
import { sshHost, sshUser } from '../../config/grammar.ts';
import { size } from '../../config/units.ts';
import { IMAGE_NAMES } from './image-names.ts';

/** An IPv4 range in CIDR notation, or `my-address`: the public address of the computer that swarmup runs on. */
const range = z
  .string()
  .refine((text) => text === 'my-address' || isRange(text), {
    error: 'expected my-address or an IPv4 range, such as 203.0.113.0/24',
  })
  .describe('my-address or an IPv4 range, such as 203.0.113.0/24.');

const instanceType = z
  .string()
  .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, { error: 'expected an instance type, such as t3.small' });

/** The provider section of a cluster file with `type: aws`. */
export const awsConfig = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'expected a region, such as eu-central-1' })
      .optional()
      .describe('The region; default: AWS_REGION, else that of the profile.'),
    profile: z.string().min(1).optional().describe('A profile of ~/.aws/config; default: AWS_PROFILE, else default.'),
    image: z
      .union([
        z.enum(IMAGE_NAMES),
        z.strictObject({
          id: z
            .string()
            .regex(/^ami-[0-9a-f]+$/, { error: 'expected the ID of an image, such as ami-0123456789abcdef0' })
            .describe('Your own image.'),
          user: sshUser().describe('The user to whom its cloud-init gives the SSH key.'),
        }),
      ])
      .default('ubuntu-24.04')
      .describe("A name, which selects the newest image in the publisher's own account, or an image by its ID."),
    instanceType: z
      .union([
        instanceType,
        z.strictObject({
          manager: instanceType.default('t3.small').describe('For managers.'),
          worker: instanceType.default('t3.small').describe('For workers.'),
          nodes: z.record(z.string(), instanceType).default({}).describe('For single nodes, by name.'),
        }),
      ])
      .default('t3.small')
      .describe('The instance type of all machines, or one per role or node.'),
    disk: size().default(20480).describe('The encrypted root volume of each machine; default: 20GiB.'),
    subnets: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, { error: 'expected the ID of a subnet, such as subnet-0123abcd' }))
      .min(1)
      .optional()
      .describe('Subnets of one VPC to spread the machines over; default: those of the default VPC.'),
    zones: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        'Availability zones to spread the machines over, such as [eu-central-1a, eu-central-1b]; default: all.',
      ),
    allow: z
      .strictObject({
        ssh: z
          .array(range)
          .min(1)
          .default(['my-address'])
          .describe('The addresses that may reach SSH; default: my-address.'),
        published: z
          .array(range)
          .default(['my-address'])
          .describe('The addresses that may reach the published ports; default: my-address. 0.0.0.0/0 is everyone.'),
        addressService: z
          .url()
          .default('https://checkip.amazonaws.com')
          .describe('The service that finds my-address: it answers a GET with the address of the client.'),
      })
      .prefault({})
      .describe('The addresses that may reach the machines; the machines can always reach each other.'),
    bastion: z
      .strictObject({
        host: sshHost().describe('Its name or address.'),
        port: z.int().min(1).max(65535).default(22).describe('The port of its SSH server.'),
        user: sshUser().describe('The login user.'),
        identityFile: z.string().min(1).describe('The private key for it, relative to the cluster file.'),
        hostKey: z
          .string()
          .regex(/^ssh-ed25519 [A-Za-z0-9+/]+=*/, { error: 'expected its public host key: ssh-ed25519 AAAA...' })
          .describe('Its public Ed25519 host key: ssh-ed25519 AAAA...'),
      })
      .optional()
      .describe('An SSH server in front of the machines, which then have no public address.'),
    spot: z
      .enum(['none', 'workers'])
      .default('none')
      .describe('workers: rents the workers as one-time spot instances, which EC2 may terminate at any time.'),
    tags: z.record(z.string(), z.string()).default({}).describe('Additional tags for everything that is created.'),
    instanceProfile: z.string().min(1).optional().describe('The name of an instance profile for the machines.'),
    prices: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A table of hourly prices for an estimate, relative to the cluster file: {currency, perHour: {TYPE: N}}.',
      ),
    endpoint: z
      .url()
      .optional()
      .describe("EC2's address, for emulators and private endpoints; default: AWS_ENDPOINT_URL."),
  })
  .superRefine((config, context) => {
    if (config.bastion && config.allow.ssh.includes('my-address'))
      context.addIssue({
        code: 'custom',
        path: ['allow', 'ssh'],
        message: 'with a bastion, expected the range that it connects from, such as 10.0.1.0/24',
      });
    for (const key of Object.keys(config.tags))
      if (/^(aws|swarmup):/i.test(key) || key === 'Name')
        context.addIssue({
          code: 'custom',
          path: ['tags', key],
          message: 'this tag is reserved: Name, aws:... and swarmup:...',
        });
  })
  .describe('Machines on AWS EC2.');

export type AwsConfig = z.output<typeof awsConfig>;

const cidr = z.cidrv4();

function isRange(text: string): boolean {
  return cidr.safeParse(text).success;
}
