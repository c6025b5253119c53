import type { z } from 'zod';

/** A JSON text parsed by a schema; undefined if it is damaged, truncated or of another kind. */
export function parseAs<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Whether that matters is up to the caller.
    return undefined;
  }
}
