import { dirname, resolve } from 'node:path';
import { created, defineProvider, nodeName, sshAccess, sshHost, sshKeys, sshUser, SwarmupError, z } from 'swarmup';
import type { LocalCommands, Machine, Provider } from 'swarmup';

/** The output of `terraform output -json`. Values for commands and paths are checked; other outputs are ignored. */
const outputs = z.object({
  machines: z.object({
    value: z.record(
      nodeName(),
      z.object({
        address: sshHost(),
        private_address: z.ipv4(),
        user: sshUser().nullish(),
        host_key: z
          .string()
          .trim()
          .regex(/^(ssh|ecdsa)-\S+ [A-Za-z0-9+/]+=*( .*)?$/, 'expected a public host key')
          .nullish(),
      }),
    ),
  }),
});

type Machines = z.output<typeof outputs>['machines']['value'];

async function readMachines(local: LocalCommands, folder: string): Promise<Machines> {
  const program = await local.which('terraform');
  if (!program)
    throw new SwarmupError('PACKAGE_MISSING', 'terraform is not installed', { fix: 'Install it, or add it to PATH.' });
  const { stdout } = await local.run([program, 'output', '-json'], {
    cwd: folder,
    // Sensitive outputs are printed too, and must not be recorded.
    secret: true,
    fix: `Run it by hand to see why: terraform -chdir=${folder} output`,
  });
  let problem = 'it is not JSON';
  try {
    const parsed = outputs.safeParse(JSON.parse(stdout));
    if (parsed.success) return parsed.data.machines.value;
    problem = z.prettifyError(parsed.error);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SwarmupError('CONFIG_INVALID', `the outputs of Terraform in ${folder} can't be used: ${problem}`, {
    fix: "Define an output 'machines', a map from node to { address, private_address, user?, host_key? }; then: terraform apply",
  });
}

export default defineProvider({
  schema: z.strictObject({
    folder: z.string().default('.').describe("Terraform's working folder, relative to the cluster file."),
    ...sshKeys,
  }),
  addresses: 'refused',
  create: ({ folder: path, ...defaults }, options): Provider => {
    const folder = resolve(dirname(options.cluster.file), path);
    const access = sshAccess(options, defaults);
    let reading: Promise<Machines> | undefined;
    const hosts = async () =>
      Object.entries(await (reading ??= readMachines(options.local, folder))).map(([name, found]) => ({
        name,
        address: found.private_address,
        host: { address: found.address, user: found.user ?? undefined, hostKey: found.host_key ?? undefined },
      }));
    const list: Provider['list'] = async (_signal, names) => {
      const wanted = (await hosts()).filter(({ name }) => names?.includes(name) ?? true);
      return Promise.all(
        wanted.map(async ({ name, address, host }): Promise<Machine> => {
          return { name, address, state: 'running', external: true, ssh: await access.endpointOf(name, host) };
        }),
      );
    };
    const refuse = (name: string) =>
      Promise.reject(
        new SwarmupError('USAGE', `${name} is Terraform's`, { fix: `Do it with Terraform, in ${folder}.` }),
      );
    return {
      list,
      plan: ({ name }, machine) => (machine ? [] : [created(['machines', name], 'from Terraform')]),
      create: async ({ name }, { signal }) => {
        const [machine] = await list(signal, [name]);
        if (machine) return machine;
        const fix = `Add it to the output 'machines' and run: terraform -chdir=${folder} apply`;
        throw new SwarmupError('MACHINE_ABSENT', `Terraform has no machine ${name}`, { fix });
      },
      stop: refuse,
      cutPower: refuse,
      destroy: () => Promise.resolve(),
      destroyShared: () => Promise.resolve([]),
      endpoint: ({ ssh }, port) => ({ host: ssh.host, port, ...(ssh.via ? { via: ssh.via } : {}) }),
      unknownHosts: async () => access.unknownHosts(await hosts()),
    };
  },
});
