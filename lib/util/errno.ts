/** Whether an error is a system error with one of these codes (ENOENT, EEXIST, ...). */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
