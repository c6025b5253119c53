/**
 * The user data that gives a new machine its identity. It contains nothing secret: every process on the machine can
 * read it.
 *
 * Sources: cloud-init, modules Set Hostname, Update Etc Hosts, SSH and Keys to Console.
 */
export function userData(name: string): string {
  const config = {
    hostname: name,
    preserve_hostname: false,
    manage_etc_hosts: true,
    package_update: false,
    package_upgrade: false,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_genkeytypes: ['ed25519'],
    // The host key is read from there.
    ssh: { emit_keys_to_console: true },
  };
  return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
}
