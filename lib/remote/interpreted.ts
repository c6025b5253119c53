const CHOOSE = [
  'p=$1 y=$2; shift 2',
  'if command -v perl >/dev/null; then exec perl -e "$p" "$@"; fi',
  'for i in python3 /usr/libexec/platform-python; do command -v $i >/dev/null && exec $i -c "$y" "$@"; done',
  'exit 127',
].join('\n');

/** One program in two languages: every supported system has one of them. */
export interface Program {
  /** The name of its process. */
  readonly name: string;
  readonly perl: string;
  readonly python: string;
}

/** The command that runs a program with the interpreter that the host has; its exit code is 127 where it has none. */
export function interpreted({ name, perl, python }: Program, args: readonly string[]): string[] {
  return ['sh', '-c', CHOOSE, name, perl, python, ...args];
}
