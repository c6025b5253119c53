/**
 * Texts of errors that are known to be transient. Sources: SwarmKit (version conflicts, elections), Go's net and
 * net/http packages, registries that limit the rate, apt.
 */
const WORDS = [
  'update out of sequence',
  // What was created before Swarm's answer came too late.
  'rpc error: code = AlreadyExists',
  'The swarm does not have a leader',
  'rpc error: code = Unavailable',
  'rpc error: code = DeadlineExceeded',
  'raft: .*leader',
  'socket hang up',
  'ECONNRESET',
  'connection reset by peer',
  'unexpected EOF',
  'TLS handshake timeout',
  'toomanyrequests',
  'Too Many Requests',
  '50[234] (Bad Gateway|Service Unavailable|Gateway Time-?out)',
  'Hash Sum mismatch',
  'Temporary failure resolving',
  'Connection timed out',
] as const;

const PATTERN = new RegExp(WORDS.join('|'), 'i');

/** Whether the text of an error shows that trying again may help. */
export function isTransient(words: string): boolean {
  return PATTERN.test(words);
}
