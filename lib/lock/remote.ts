import { unreadable } from '../remote/unreadable.ts';
import type { Host } from '../contracts/host.ts';
import type { Attempt, Holder } from './local.ts';
import { parseOwner, STALE_MS, type Owner } from './owner.ts';

/** On tmpfs: a restart of the machine releases the lock. */
const FOLDER = '/run/swarmup';

/**
 * Every action runs under flock(1), so that none interleaves with another run's, and starts few programs: on a busy or
 * emulated machine each costs a tenth of a second. The age comes from the machine's own clock, so the clocks of the
 * runs don't matter. The first line of the file is the token, the second the owner.
 *
 * Arguments: action, file, token, owner, seconds until stale, and tokens of runs known to be dead.
 */
const SCRIPT = `
umask 077
[ -d "\${2%/*}" ] || mkdir -p "\${2%/*}" || exit 1
exec 9>"$2.guard" && flock 9 || exit 1
owner=; held=
if [ -e "$2" ]; then { read -r owner; read -r held; } < "$2"; fi
age() { echo $(( $(date +%s) - $(stat -c %Y "$2") )); }
say() { printf '%s\\n' "$@"; }
mine() { printf '%s\\n%s\\n' "$3" "$4" > "$2"; }
case $1 in
take)
  if [ -e "$2" ]; then
    seconds=$(age "$@")
    case " $3 $6 " in *" $owner "*) ;; *)
      if [ "$seconds" -lt "$5" ]; then say "held $seconds" "$held"; exit 0; fi;;
    esac
    say "over $seconds" "$held"
  else say taken; fi
  mine "$@";;
beat)
  # After a restart of the machine the lock is free: it is still ours.
  if [ "$owner" = "$3" ] || [ -z "$owner" ]; then mine "$@"; say taken; else say lost "$held"; fi;;
release) [ "$owner" != "$3" ] || rm -f "$2"; say free;;
remove) rm -f "$2"; say free;;
show) if [ -e "$2" ]; then say "held $(age "$@")" "$held"; else say free; fi;;
esac`;

/** What the script answers to each action. */
const ANSWERS = {
  take: ['taken', 'held', 'over'],
  beat: ['taken', 'lost'],
  release: ['free'],
  remove: ['free'],
  show: ['held', 'free'],
} as const;

type Action = keyof typeof ANSWERS;

/** The lock on the cluster's first manager, where runs from every computer see it. */
export class RemoteLock {
  readonly #host: Host;
  readonly #file: string;

  /** @param folder of the locks of all clusters on the machine */
  constructor(host: Host, cluster: string, folder = FOLDER) {
    this.#host = host;
    this.#file = `${folder}/${cluster}.lock`;
  }

  get place(): string {
    return `${this.#file} on ${this.#host.name}`;
  }

  /** @param dead the tokens of runs that are known to have ended: their lock is taken over at once */
  async take(owner: Owner, dead: readonly string[], signal: AbortSignal): Promise<Attempt> {
    const { word, holder } = await this.#run('take', owner, signal, dead);
    if (word === 'held') return { held: holder };
    return word === 'over' ? { taken: true, from: holder.owner } : { taken: true };
  }

  /** @returns false when another run holds the lock now */
  async beat(owner: Owner, signal: AbortSignal): Promise<boolean> {
    return (await this.#run('beat', owner, signal)).word === 'taken';
  }

  async release(owner: Owner, signal: AbortSignal): Promise<void> {
    await this.#run('release', owner, signal);
  }

  async holder(signal: AbortSignal): Promise<Holder | undefined> {
    const { word, holder } = await this.#run('show', undefined, signal);
    return word === 'held' ? holder : undefined;
  }

  /** Removes the lock, even if another run holds it. */
  async remove(signal: AbortSignal): Promise<void> {
    await this.#run('remove', undefined, signal);
  }

  async #run(action: Action, owner: Owner | undefined, signal: AbortSignal, dead: readonly string[] = []) {
    const seconds = String(STALE_MS / 1000);
    const values = [this.#file, owner?.token ?? '', owner ? JSON.stringify(owner) : '', seconds, dead.join(' ')];
    const { stdout } = await this.#host.run(['sh', '-c', SCRIPT, 'swarmup-lock', action, ...values], { signal });
    const [head = '', text = ''] = stdout.split('\n');
    const [, word = '', age = '0'] = /^([a-z]+)(?: (-?\d+))?$/.exec(head) ?? [];
    // Without a clear answer the lock isn't held.
    if (!ANSWERS[action].some((known) => known === word))
      throw unreadable(this.#host.name, `the cluster's lock (${this.#file})`, stdout);
    return { word, holder: { owner: parseOwner(text), ageMs: Math.max(0, Number(age)) * 1000 } satisfies Holder };
  }
}
