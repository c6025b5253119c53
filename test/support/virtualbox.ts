import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { endProcess } from '../../lib/remote/processes.ts';
import { program } from './cli.ts';
import { removeTap, VirtualBox, type StandInOptions } from '../standin/vboxmanage.ts';

/** Sends its arguments to the stand-in and prints the answer: starts quickly, as VBoxManage is called often. */
const CLIENT = `#!/usr/bin/perl
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Peer => 'SOCKET') or die "the stand-in is gone: $!";
print $s join("\\0", @ARGV), "\\0\\n"; shutdown($s, 1);
local $/; my ($status, $length, $rest) = <$s> =~ /^(\\d+) (\\d+)\\n(.*)/s or die 'no answer';
print substr($rest, 0, $length); print STDERR substr($rest, $length); exit $status;
`;

/** A VBoxManage in a folder: a separate program, whose VirtualBox is an object of the test. */
export class StandIn {
  readonly program: string;
  readonly box: VirtualBox;
  readonly #server: Server;
  readonly #socket: string;

  constructor(folder: string, options: Partial<StandInOptions> = {}) {
    this.program = join(folder, 'VBoxManage');
    this.box = new VirtualBox({ version: '7.0.20', ...options });
    this.#socket = join(folder, 'virtualbox.sock');
    this.#server = createServer({ allowHalfOpen: true }, (connection) => {
      let asked = '';
      connection.on('data', (chunk) => (asked += chunk.toString()));
      connection.on('end', () => {
        const { status, stdout, stderr } = this.box.run(asked.slice(0, asked.lastIndexOf('\0')).split('\0'));
        connection.end(`${status} ${Buffer.byteLength(stdout)}\n${stdout}${stderr}`);
      });
    }).listen(this.#socket);
    writeFileSync(this.program, CLIENT.replace('SOCKET', this.#socket));
    chmodSync(this.program, 0o755);
  }

  /** Runs a command as a user of VirtualBox would, without swarmup. */
  by(...argv: string[]): Promise<string> {
    return program(this.program, argv);
  }

  /** Ends the machines and removes the interfaces, whatever state a test left them in. */
  close(): void {
    const { vms, interfaces } = this.box.state;
    for (const vm of vms) {
      if (vm.pid !== undefined) endProcess(vm.pid, 'SIGKILL');
      removeTap(vm);
    }
    for (const { name } of interfaces) execFileSync('ip', ['link', 'del', name]);
    this.#server.close();
    rmSync(this.#socket, { force: true });
  }
}
