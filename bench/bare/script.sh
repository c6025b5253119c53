#!/bin/sh
# Brings up the same swarm by hand: script.sh IMAGE MANAGER=PRIVATE WORKER=PRIVATE ..., each with its address for SSH and HTTP and
# the address that it advertises. Written to be fast: all nodes at the same time, one connection per node, and a worker joins as
# soon as its own Docker runs and the token is known.
set -eu
image=$1 manager=${2%%=*} private=${2#*=}
shift 2
rm -f token

on() { ssh -F ssh_config -o ControlMaster=auto -o ControlPath=control-%n -o ControlPersist=300 "$@"; }

prepare() {
  on "$1" 'command -v dockerd >/dev/null || {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq -o Acquire::Languages=none &&
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 docker.io apparmor iptables ca-certificates
  } >/dev/null'
  on "$1" 'docker image inspect nginx:latest >/dev/null 2>&1' || on "$1" 'docker load -q' <"$image" >/dev/null
}

lead() {
  prepare "$manager"
  on "$manager" "docker info --format '{{.Swarm.LocalNodeState}}' | grep -q '^active' ||
    docker swarm init --advertise-addr $private >/dev/null
    docker swarm join-token -q worker" >token.new
  mv token.new token
}

join() {
  prepare "${1%%=*}"
  until [ -e token ]; do sleep 0.1; done
  on "${1%%=*}" "docker info --format '{{.Swarm.LocalNodeState}}' | grep -q '^active' ||
    docker swarm join --token $(cat token) --advertise-addr ${1#*=} $private:2377" >/dev/null
}

answer() {
  for _ in $(seq 2000); do
    if curl -sf -m 10 "http://$1/" | grep -q Welcome; then return; fi
    sleep 0.3
  done
  return 1
}

# A failure in the background counts, too.
jobs=
all() { for job in $jobs; do wait "$job"; done; jobs=; }

# If the manager fails, the workers must not wait for a token.
(trap ': >>token' EXIT; lead) & jobs=$!
for worker in "$@"; do join "$worker" & jobs="$jobs $!"; done
all
on "$manager" 'docker service inspect web >/dev/null 2>&1 ||
  docker service create -q -d --name web --replicas 3 --publish 80:80 --no-resolve-image nginx:latest' >/dev/null
for node in "$manager" "$@"; do answer "${node%%=*}" & jobs="$jobs $!"; done
all
for node in "$manager" "$@"; do on -O exit "${node%%=*}" 2>/dev/null; done
