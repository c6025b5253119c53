/**
 * The command that unpacks a part of a back-up, from standard input, on the machine where it belongs. A back-up for a
 * recipient isn't authenticated, so its archive may contain anything: tar itself leaves out the root of absolute names,
 * refuses those with `..`, and makes links that lead out of the folder only after everything else. Sources: tar(1), BusyBox's
 * archival/libarchive.
 *
 * @param folder absolute path, the folder to unpack into
 * @param only the one name in the archive that is unpacked, with what is below it
 */
export function unpackCommand(folder: string, only?: string): string[] {
  return ['tar', '-C', folder, '-xz', ...(only === undefined ? [] : ['--', only])];
}
