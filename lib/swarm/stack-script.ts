/**
 * The program that deploys a stack on a manager, for a POSIX shell and busybox's programs. Nothing from outside is part
 * of it. Its standard input is a tar file of numbered files; its arguments are their number, the path of each below the
 * private folder, and the options of `docker stack deploy`.
 *
 * - The private folder is in memory, and removed when the program ends. A killed one leaves its folder, which the next
 *   one removes after an hour: docker has long ended then.
 * - docker's environment has exactly the variables in the folder `variables`, each a file; so their values are in no
 *   argument. PATH and all others of the host are removed, and the names of this program's own begin with _swarmup.
 *   --host, --config and --tls override what variables such as DOCKER_HOST would change.
 * - `up` leads four folders below `root`, so that docker reads /proc/self/cwd/up/../../../../PATH from `root`, and takes
 *   it for /PATH: it shortens paths without asking the file system (Go, filepath.Abs).
 */
export const DEPLOY = `umask 077
memory=
for one in /run /dev/shm; do
  grep -q "^[^ ]* $one tmpfs " /proc/mounts && [ -w "$one" ] || continue
  memory=\${memory:-$one}
  find "$one" -maxdepth 1 -type d -name 'swarmup-stack.??????????' -user "$(id -u)" -mmin +60 -exec rm -rf {} +
done
[ -n "$memory" ] || { echo 'neither /run nor /dev/shm is in memory, so nowhere to put secrets' >&2; exit 1; }
docker=$(command -v docker) || { echo 'docker: command not found' >&2; exit 127; }
child=
folder=
stop() {
  [ -z "$child" ] || { kill "$child" 2>/dev/null; wait "$child"; }
  exit "$1"
}
trap '[ -z "$folder" ] || { cd / && rm -rf "$folder"; }' EXIT
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 141' PIPE
trap 'stop 143' TERM
folder=$(mktemp -d "$memory/swarmup-stack.XXXXXXXXXX") || exit 1
cd "$folder" && mkdir docker variables root && mkdir -p root/.swarmup-stack/1/2/3 || exit 1
ln -s root/.swarmup-stack/1/2/3 up && tar -xof - || exit 1
files=$1
shift
number=0
while [ "$number" -lt "$files" ]; do
  mkdir -p "\${1%/*}" && mv "$number" "$1" || exit 1
  shift
  number=$((number + 1))
done
(
  set -- "$docker" --host unix:///var/run/docker.sock --config "$folder/docker" --tls=false \\
    stack deploy "$@"
  for _swarmup in $(awk 'BEGIN { for (name in ENVIRON) if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/) print name }'); do
    [ "$_swarmup" = PATH ] || unset "$_swarmup" 2>/dev/null
  done
  for _swarmup in variables/*; do
    [ -f "$_swarmup" ] && [ "$_swarmup" != variables/PATH ] || continue
    _swarmup_value=$(cat "$_swarmup"; echo .)
    export "\${_swarmup#variables/}=\${_swarmup_value%.}"
  done
  if [ -f variables/PATH ]; then
    _swarmup_value=$(cat variables/PATH; echo .)
    export "PATH=\${_swarmup_value%.}"
  else
    unset PATH
  fi
  exec "$@"
) </dev/null &
child=$!
wait "$child"
`;
