import { z } from 'zod';
import { parseAs } from '../util/parse-json.ts';
import type { Fact } from './fact.ts';

/** Beside the receipt of an installation. */
export const DAEMON_NOTE = '/var/lib/swarmup/daemon-keys.json';

const schema = z.object({
  /** The keys of daemon.json that swarmup set. */
  keys: z.array(z.string()),
  /** Keys in the file that the engine hasn't read yet: the run that changed them was interrupted. */
  unread: z.array(z.string()),
});

/** What swarmup notes on a host about its daemon.json, so that a key that leaves the cluster file can be reset. */
export type DaemonNote = z.output<typeof schema>;

/** Without a note, or with a damaged one, every key counts as the host's own. */
export const daemonNote: Fact<DaemonNote> = {
  command: `cat ${DAEMON_NOTE}`,
  parse: (output) => parseAs(schema, output) ?? { keys: [], unread: [] },
};
