import { z } from 'zod';
import { DURATION_FORM, readDuration, readSize, SIZE_FORM } from '../util/go-units.ts';

const SIZE = /^(\d+)\s*(MiB|GiB)$/;
/** A size such as 1536MiB or 10GiB; becomes a number of MiB. */
export const size = () =>
  z
    .string()
    .regex(SIZE, { error: 'expected a size in MiB or GiB, such as 1536MiB' })
    .transform((text) => {
      const [, digits, unit] = SIZE.exec(text) ?? [];
      return Number(digits) * (unit === 'GiB' ? 1024 : 1);
    });

const BYTES_EXPECTED = 'expected a size such as 512MiB or 1GiB';
const TIME_EXPECTED = 'expected a time such as 10s, 1m30s or 500ms';

/** A size such as 64KiB, 512MiB or 64m, or a number of bytes; becomes a number of bytes. */
export const bytes = () =>
  z
    .union([z.string().regex(SIZE_FORM, { error: BYTES_EXPECTED }), z.int().min(0)])
    .transform((written, ctx) => read(readSize(String(written)), BYTES_EXPECTED, ctx));

/** A time such as 10s, 1m30s or 500ms, as Go and Compose write it; becomes a number of nanoseconds, the Engine API's unit. */
export const duration = () =>
  z
    .string({ error: TIME_EXPECTED })
    .regex(DURATION_FORM, { error: TIME_EXPECTED })
    .transform((text, ctx) => read(readDuration(text), TIME_EXPECTED, ctx));

/** What Go read, as a number; it refuses, or turns around, what has more than 63 bits. */
function read(found: bigint | undefined, expected: string, ctx: z.RefinementCtx): number {
  if (found !== undefined && found >= 0n) return Number(found);
  ctx.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}
