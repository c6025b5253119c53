#!/bin/sh
# Creates small package repositories in /srv: those of distributions, and one with Docker's layout and signatures.
# Every package holds one file. Runs in a Debian with dpkg-deb, apt-ftparchive, rpmbuild, rpmsign, createrepo_c and gpg.
set -eu
arch=$(uname -m)
export GNUPGHOME=/srv/gnupg
mkdir -p -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'swarmup tests <tests@swarmup.test>' rsa2048 cert,sign never
key=$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\([0-9A-F]*\):.*/\1/p')
# Docker's lists for apt are signed by a subkey, its RPM packages by the key itself.
gpg --batch --quiet --passphrase '' --quick-add-key "$key" rsa2048 sign never
gpg --armor --export >/srv/gpg
# A stranger's key.
mkdir -p -m 700 /srv/stranger
gpg --homedir /srv/stranger --batch --quiet --passphrase '' --quick-generate-key 'a stranger' rsa2048 sign never
gpg --homedir /srv/stranger --armor --export >/srv/stranger.asc
gpgconf --homedir /srv/stranger --kill all

# rpm_of FOLDER [EPOCH:]NAME-VERSION-RELEASE [HEADER...]
rpm_of() {
  folder=$1 nevr=$2
  shift 2
  epoch=
  case $nevr in *:*) epoch=${nevr%%:*} nevr=${nevr#*:} ;; esac
  release=${nevr##*-} nv=${nevr%-*}
  version=${nv##*-} name=${nv%-*}
  {
    printf '%s\n' "Name: $name" "Version: $version" "Release: $release" 'Summary: A test package' 'License: MIT'
    [ -z "$epoch" ] || echo "Epoch: $epoch"
    [ $# -eq 0 ] || printf '%s\n' "$@"
    printf '%s\n' '%description' 'A test package.' '%install' "mkdir -p %{buildroot}/opt/$name" \
      "echo $version >%{buildroot}/opt/$name/version" '%files' "/opt/$name"
  } >/tmp/package.spec
  mkdir -p "$folder"
  rpmbuild --quiet -bb --define "_rpmdir $folder" --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
    /tmp/package.spec
}

stable=/srv/linux/centos/9/$arch/stable
for v in 26.1.3 27.3.1; do
  rpm_of "$stable" "3:docker-ce-$v-1.el9" 'Requires: containerd.io' 'Requires: docker-ce-cli'
  rpm_of "$stable" "1:docker-ce-cli-$v-1.el9"
done
rpm_of "$stable" containerd.io-1.7.27-3.1.el9 'Conflicts: runc'
rpmsign --define "_gpg_name $key!" --addsign "$stable"/*.rpm
createrepo_c -q "$stable"
cp /srv/gpg /srv/linux/centos/gpg

rpm_of /srv/fedora moby-engine-27.3.1-1.fc42 'Requires: runc'
rpm_of /srv/fedora moby-engine-27.3.1-2.fc42 'Requires: runc'
rpm_of /srv/fedora docker-cli-27.3.1-2.fc42
rpm_of /srv/amazon docker-25.0.6-1.amzn2023.0.2
rpm_of /srv/amazon docker-25.0.8-1.amzn2023.0.4
rpm_of /srv/suse docker-24.0.7_ce-150000.2.1
rpm_of /srv/suse docker-27.3.1_ce-150000.1.1
rpm_of /srv/fedora runc-1.2.6-1
# Packages installed beforehand, and packages that conflict.
rpm_of /srv/base base-system-1-1
rpm_of /srv/base runc-1.2.6-1
for folder in fedora amazon suse base; do createrepo_c -q "/srv/$folder"; done
dnf -q -y --repofrompath=base,/srv/base --nogpgcheck install base-system

# deb_of FOLDER NAME VERSION [FIELD...]
deb_of() {
  folder=$1
  shift
  rm -rf /tmp/deb
  mkdir -p /tmp/deb/DEBIAN "$folder"
  {
    printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: swarmup tests <tests@swarmup.test>' \
      'Description: A test package'
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@"
  } >/tmp/deb/DEBIAN/control
  dpkg-deb -b /tmp/deb "$folder" >/dev/null
}

deb_of /srv/base runc 1.2.6-1
pool=/srv/linux/debian/pool
for v in 26.1.3 27.3.1; do
  deb_of $pool docker-ce "5:$v-1~debian.13~trixie" 'Depends: containerd.io, docker-ce-cli'
  deb_of $pool docker-ce-cli "5:$v-1~debian.13~trixie"
done
deb_of $pool containerd.io 1.7.27-1 'Conflicts: runc' 'Replaces: runc'
cd /srv/linux/debian
index=dists/trixie/stable/binary-$(dpkg --print-architecture)
mkdir -p "$index"
apt-ftparchive packages pool >"$index/Packages"
apt-ftparchive -o APT::FTPArchive::Release::Suite=trixie release dists/trixie >/tmp/Release
gpg --batch --quiet --clearsign --output dists/trixie/InRelease /tmp/Release
cp /srv/gpg gpg
gpgconf --kill all
