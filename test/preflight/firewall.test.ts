import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { needPackages } from '../support/packages.ts';

/**
 * A leader (this network namespace) and a joining node (another one), with a real packet filter between them. The
 * listener is the probe's own. Prints what the leader's probe of 2377 says under each rule.
 */
const SCRIPT = `set -e
ip link set lo up
unshare -n sleep 120 & joiner=$!
trap 'kill $joiner' EXIT
until [ "$(readlink /proc/$joiner/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
on="nsenter -t $joiner -n"
ip link add name leader type veth peer name joiner
ip link set joiner netns $joiner
ip addr add 10.9.0.1/24 dev leader && ip link set leader up
$on ip addr add 10.9.0.2/24 dev joiner && $on ip link set joiner up
mkfifo "$2/said"
$on "$1" "$3" listen 100 tcp:2377 > "$2/said" & listener=$!
trap 'kill $joiner $listener' EXIT
exec 3< "$2/said"
until read -r word rest <&3 && [ "$word" = ready ]; do :; done
ask() { printf 'tcp 10.9.0.2 2377 64\\n' | "$1" "$2" ask 2; }
ask "$1" "$3"
for rule in DROP REJECT 'REJECT --reject-with tcp-reset' 'REJECT --reject-with icmp-host-prohibited'; do
  $on iptables -I INPUT -p tcp -s 10.9.0.1 --dport 2377 -j $rule
  ask "$1" "$3"
  $on iptables -F INPUT
done`;

beforeAll(() => needPackages('perl-base', 'python3-minimal', 'iproute2', 'iptables'), 120_000);

describe.each([
  ['Perl', 'perl', 'probe.pl'],
  ['Python', 'python3', 'probe.py'],
])(
  'a real firewall before the port that the leader dials back, seen by the probe in %s',
  (_language, program, file) => {
    it('is told by what the connection ends with', () => {
      const script = fileURLToPath(new URL(`../../lib/preflight/${file}`, import.meta.url));
      const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
      const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
      try {
        const said = execFileSync('unshare', ['-rn', 'sh', '-c', SCRIPT, 'firewall', program, folder, script], {
          env,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        expect(said.trim().split('\n')).toEqual(
          ['ok', 'fail no answer', 'fail Connection refused', 'fail Connection refused', 'fail No route to host'].map(
            (result) => `tcp 10.9.0.2 2377 64 ${result}`,
          ),
        );
      } finally {
        execFileSync('rm', ['-r', folder]);
      }
    });
  },
);
