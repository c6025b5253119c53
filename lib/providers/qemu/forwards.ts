/** A port of a machine that this computer forwards to: `80`, or `53/udp`. */
export type GuestPort = string;

export function guestPort(port: number, protocol: 'tcp' | 'udp'): GuestPort {
  return protocol === 'udp' ? `${port}/udp` : String(port);
}

/** A forwarded port in the words of QEMU: `tcp:127.0.0.1:20080-:80`. */
export function hostForward(guest: GuestPort, local: number): string {
  const [port] = guest.split('/');
  return `${protocolOf(guest)}:127.0.0.1:${local}-:${port}`;
}

export function protocolOf(guest: GuestPort): 'tcp' | 'udp' {
  return guest.endsWith('/udp') ? 'udp' : 'tcp';
}
