import type { Explanation } from './explanation.ts';

/** Errors of the routing mesh and of the overlay networks below it, found when a page doesn't answer, and by doctor. */
export const mesh = {
  INGRESS_RULES_LOST: {
    meaning: "A node lost the firewall rules with which Docker forwards published ports. Docker doesn't notice.",
    causes: [
      'The firewall was reloaded or flushed after Docker had started: `firewall-cmd --reload`, `iptables -F`, `nft flush ruleset`.',
      'A program that owns the firewall restarted, such as nftables.service.',
    ],
    look: '`swarmup ssh NODE -- sudo iptables-save -t nat`: DOCKER-INGRESS has a DNAT rule for each published port, and PREROUTING jumps there.',
    fix: 'Restart the engine of the node, which restarts its tasks, and let nothing flush the firewall while Docker runs.',
    example: `✖ verify-http on worker1:80: worker1 lost Docker's firewall rules for published ports: its nat table has no chain DOCKER-INGRESS
    iptables-save on worker1: nat has no DOCKER-INGRESS; its engine published 80
    4 of 4 requests to http://192.0.2.8:80/ got no or a wrong answer: no answer within 20 s
  fix  Restart its engine, which restarts the node's tasks: swarmup ssh worker1 -- sudo systemctl restart docker. What reloads or flushes the firewall removes them: firewall-cmd --reload, iptables -F, nft flush ruleset.`,
  },
  INGRESS_STALE: {
    meaning:
      "A node distributes requests for a published port to tasks that are gone, or leaves out tasks that run: one request in several isn't answered.",
    causes: [
      'The node missed messages of the others (gossip, 7946/tcp and udp), as while the network was interrupted or the node was paused.',
      'Its engine was killed while tasks moved.',
    ],
    look: '`swarmup ssh NODE -- sudo nsenter --net=/run/docker/netns/ingress_sbox cat /proc/net/ip_vs`; addresses are in hexadecimal.',
    fix: 'Restart the engine of the node, which restarts its tasks. If it comes back, open 7946/tcp and udp between the nodes.',
    example: `✖ verify-http on worker1:80: worker1 distributes requests to wrong tasks: it sends 1 in 3 requests for port 80 to 10.0.0.9, where no task of web is
  fix  Restart its engine, which restarts the node's tasks: swarmup ssh worker1 -- sudo systemctl restart docker.`,
  },
  OVERLAY_BLOCKED: {
    meaning:
      "Nodes don't reach each other through the overlay network. Published ports answer only through nodes that have a task of the service.",
    causes: [
      'A firewall, a security group or a router drops 4789/udp (or the port in `swarm.dataPathPort`), which carries the packets.',
      'Gossip is blocked (7946/tcp and udp), which tells the nodes the way.',
      'Another program on the network uses the same UDP port, as some virtual switches do.',
    ],
    look: '`swarmup doctor` fetches through the overlay network from every node to the others, and names the pairs.',
    fix: 'Open the ports between all nodes, in both directions.',
    example: `✖ verify-http on worker1:80: the overlay network is interrupted between worker1 and manager1: neither ping nor TCP arrives, so packets of VXLAN (4789/udp) are lost between them. Published ports answer only through nodes with a task
  fix  Open 4789/udp between the nodes, in both directions: in a security group, a router, or a firewall (swarmup ssh worker1 -- sudo nft list ruleset, or iptables -S).`,
  },
  OVERLAY_CHECKSUMS: {
    meaning: "TCP doesn't arrive through the overlay network although ping does: the packets' checksums are wrong.",
    causes: [
      "A network card, or its emulation by a hypervisor, makes wrong checksums for packets inside VXLAN. The receiver's kernel drops them silently (moby#41775).",
    ],
    look: '`swarmup ssh NODE -- sudo ethtool -k INTERFACE`: tx-checksum-ip-generic is on.',
    fix: 'Let the kernel make the checksums. For good, put the same command into the configuration of the interface.',
    example: `✖ verify-http on worker1:80: TCP doesn't arrive through the overlay network between worker1 and manager1, although ping does: ens192 of worker1 leaves checksums to its hardware, and what is inside VXLAN gets wrong ones
  fix  Let the kernel make them, until the next start of the machine:
       swarmup ssh worker1 -- sudo ethtool -K ens192 tx-checksum-ip-generic off`,
  },
  OVERLAY_MTU: {
    meaning:
      'Small answers arrive through the overlay network, and large ones hang: its packets are too large for the links.',
    causes: [
      'A tunnel, a VPN or a cloud between the nodes takes packets below 1500 bytes, and drops larger ones (libnetwork#2661).',
      "The ingress network was made with the swarm, before swarmup knew the links' MTU.",
    ],
    look: '`swarmup doctor` fetches 100 KB between all nodes, and measures the largest packets that arrive.',
    fix: 'Give the ingress network, and the networks of services, that `mtu` in the cluster file. VXLAN takes 50 bytes off itself.',
    example: `✖ verify-http on worker1:80: large packets are lost in the overlay network between worker1 and manager1: 64 bytes arrive, and 100 KB don't. It sends packets of up to 1500 bytes, and only 1400 get through
  fix  Remove the published ports, give the ingress network that MTU in the cluster file, run 'swarmup up', and publish them again: networks: { ingress: { ingress: true, mtu: 1400 } }.`,
  },
} as const satisfies Record<string, Explanation>;
