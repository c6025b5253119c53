/** By number; 128 is added to it if the signal ended a program. Source: signal(7), on Linux. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

/**
 * What an exit code means. Source: docs.docker.com, "docker container run", "Exit status"; bash(1), "EXIT STATUS".
 *
 * @param outOfMemory whether the engine saw the kernel kill it for memory; undefined if it couldn't be asked
 */
export function exitInWords(code: number, outOfMemory?: boolean): string | undefined {
  if (outOfMemory) return 'killed for memory: it used more than its limit';
  if (code === 126) return "the program can't be executed";
  if (code === 127) return 'the program, or one that it calls, was not found';
  if (code === 137 && outOfMemory === undefined)
    return 'killed by SIGKILL: for memory, or because it ignored the signal to stop';
  if (code === 137)
    return 'killed by SIGKILL, not for its memory limit: it ignored the signal to stop, or the machine ran out of memory';
  const signal = SIGNALS[code - 128];
  return signal === undefined ? undefined : `ended by ${signal}`;
}
