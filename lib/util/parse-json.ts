import type { z } from 'zod';

/** What a JSON text holds, by its schema; undefined for one that is damaged, cut off, or of another kind. */
export function parseAs<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Whether that matters is the caller's to say.
    return undefined;
  }
}
