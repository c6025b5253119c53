import { z } from 'zod';

const SIZE = /^(\d+)\s*(MiB|GiB)$/;
/** Source: docker/go-units, RAMInBytes: units are powers of 1024, in either case. */
const BYTES = /^(\d+(?:\.\d+)?) ?([kKmMgGtTpP]?)[iI]?[bB]?$/;
const DURATION = /^(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/;

const NANOSECONDS_A_UNIT = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 } as const;

/** A size such as 1536MiB or 10GiB; becomes a number of MiB. */
export const size = () =>
  z
    .string()
    .regex(SIZE, { error: 'expected a size in MiB or GiB, such as 1536MiB' })
    .transform((text) => {
      const [, digits, unit] = SIZE.exec(text) ?? [];
      return Number(digits) * (unit === 'GiB' ? 1024 : 1);
    });

/** A size such as 64KiB, 512MiB or 64m, or a number of bytes; becomes a number of bytes. */
export const bytes = () =>
  z
    .union([z.string().regex(BYTES, { error: 'expected a size such as 512MiB or 1GiB' }), z.int().min(0)])
    .transform((written) => {
      const [, digits, unit = ''] = BYTES.exec(String(written)) ?? [];
      return Math.floor(Number(digits) * 1024 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
    });

/** A time such as 10s, 1m30s or 500ms, as Go and Compose write it; becomes a number of nanoseconds, the Engine API's unit. */
export const duration = () =>
  z
    .string()
    .regex(DURATION, { error: 'expected a time such as 10s, 1m30s or 500ms' })
    .transform((text) =>
      [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)].reduce(
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
        (sum, [, digits, unit]) => sum + Number(digits) * NANOSECONDS_A_UNIT[unit as keyof typeof NANOSECONDS_A_UNIT],
        0,
      ),
    );
