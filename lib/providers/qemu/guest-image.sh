# Runs in mmdebstrap's last step, with the new root file system in "$1": makes it a guest that boots fast and
# takes its identity from systemd credentials.
set -eu
root=$1

# The image has no identity: host keys, machine-id and name come with each machine.
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id "$root"/etc/hostname
: > "$root/etc/machine-id"

# systemd-networkd configures the network; its files are written at boot, so it waits for them.
mkdir -p "$root/etc/systemd/system/systemd-networkd.service.d" "$root/etc/systemd/system/multi-user.target.wants"
printf '[Unit]\nAfter=systemd-tmpfiles-setup.service\n' > "$root/etc/systemd/system/systemd-networkd.service.d/order.conf"
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
rm -f "$root/etc/resolv.conf"
printf 'nameserver %s\n' "$SWARMUP_DNS" > "$root/etc/resolv.conf"
printf 'LABEL=root / ext4 rw,discard,noinit_itable,x-systemd.growfs 0 1\n' > "$root/etc/fstab"

# No background jobs: the cluster should run only its own work.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer getty@tty1.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
printf 'PermitRootLogin prohibit-password\nPasswordAuthentication no\nHostKey /etc/ssh/ssh_host_ed25519_key\nUseDNS no\n' > "$root/etc/ssh/sshd_config.d/swarmup.conf"
printf 'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/locale/*\n' > "$root/etc/dpkg/dpkg.cfg.d/swarmup"
printf 'overlay\nbr_netfilter\nvxlan\nip_vs\n' > "$root/etc/modules-load.d/swarmup.conf"

# The guest's own package sources.
rm -f "$root"/etc/apt/sources.list.d/*
printf '%s\n' "$SWARMUP_SOURCES" > "$root/etc/apt/sources.list"

# A small initial RAM disk with only the drivers for a virtual machine's disk.
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=gzip\n' > "$root/etc/initramfs-tools/conf.d/swarmup"
printf 'virtio_pci\nvirtio_blk\next4\n' >> "$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u -k all >/dev/null 2>&1
