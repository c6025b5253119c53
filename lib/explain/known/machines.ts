import type { KnownFailure } from './failure.ts';

/** Machines and SSH. */
export const machines: readonly KnownFailure[] = [
  {
    number: 1,
    failure: '`VERR_VMX_IN_VMX_ROOT_MODE` or `VERR_SVM_IN_USE`: KVM has the processor.',
    handling: 'explained',
    does: 'Says that another hypervisor uses the processor, how to unload it, and that QEMU works beside it.',
    codes: ['MACHINE_FAILED'],
    proofs: [
      {
        file: 'test/ssh/virtualbox.test.ts',
        title: 'explain why %s failed: %s',
        case: 'another hypervisor, most likely KVM, uses the processor',
      },
    ],
  },
  {
    number: 2,
    failure: '`E_ACCESSDENIED`: VirtualBox refuses a range for its host-only network.',
    handling: 'explained',
    does: 'Uses 192.168.56.0/21, which VirtualBox allows, unless the file names another range, and then says where to allow that.',
    codes: ['MACHINE_FAILED'],
    proofs: [
      {
        file: 'test/ssh/virtualbox.test.ts',
        title: 'report a network that VirtualBox does not allow, and leave no interface behind',
      },
    ],
  },
  {
    number: 3,
    failure: 'Every guest has the same address behind its NAT (10.0.2.15), and advertises it.',
    handling: 'prevented',
    does: 'Gives every machine a second interface with an address of its own, and advertises that one.',
    codes: [],
    proofs: [
      {
        file: 'test/ssh/virtualbox.test.ts',
        title: 'are created in parallel, in the group of their cluster, each with its own address',
      },
      {
        file: 'test/e2e/warm.test.ts',
        title: 'each have their own %s',
        case: 'private address',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 4,
    failure: 'Clones with one machine ID get one address from DHCP.',
    handling: 'explained',
    does: 'Leaves the machine ID of its images empty; hosts with the same one are found before anything is changed.',
    codes: ['PREFLIGHT_FAILED'],
    proofs: [
      { file: 'test/preflight/rules.test.ts', title: 'explains %s', case: 'a duplicate machine id' },
      {
        file: 'test/e2e/hosts.test.ts',
        title: 'have each fault explained, all at once, before anything is changed',
        case: 'machine-id',
        against: 'virtual machines',
      },
    ],
  },
  {
    number: 5,
    failure: '`Host key verification failed` after a machine was rebuilt.',
    handling: 'explained',
    does: 'Pins the keys of its own machines per cluster, so that a rebuilt one is known. For a host with another key, it names the line to remove.',
    codes: ['SSH_HOST_KEY_CHANGED'],
    proofs: [
      {
        file: 'test/ssh/hosts.test.ts',
        title: 'are refused when their keys have changed, even with --accept-new, with the line to remove',
        against: 'a real sshd',
      },
      {
        file: 'test/ssh/ssh.test.ts',
        title: 'refuses a server with another host key before it sends anything',
        against: 'a real sshd',
      },
    ],
  },
  {
    number: 6,
    failure:
      '`kex_exchange_identification: Connection closed by remote host`: too many connections at once (MaxStartups).',
    handling: 'prevented',
    does: 'Makes one connection per host, also per bastion, and uses it for everything.',
    codes: ['SSH_UNREACHABLE'],
    proofs: [
      {
        file: 'test/ssh/ssh.test.ts',
        title: 'runs many commands concurrently over one connection',
        against: 'a real sshd',
      },
      {
        file: 'test/ssh/bastion.test.ts',
        title: 'shares one connection to the bastion with other machines',
        against: 'a real sshd',
      },
    ],
  },
  {
    number: 7,
    failure: 'A refused key or a wrong password, tried again and again.',
    handling: 'explained',
    does: 'Stops at once, and says which keys were offered and where the public key belongs.',
    codes: ['SSH_AUTH_FAILED'],
    proofs: [
      { file: 'test/ssh/ssh.test.ts', title: 'fails at once when the key is refused', against: 'a real sshd' },
      { file: 'test/swarm/connected.test.ts', title: 'fails at once when waiting changes nothing' },
    ],
  },
];
