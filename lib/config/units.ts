import { z } from 'zod';

const SIZE = /^(\d+)\s*(MiB|GiB)$/;
const BYTES = /^(\d+)\s*(KiB|MiB|GiB)$/;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

const BYTES_A_UNIT = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const NANOSECONDS_A_UNIT = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 } as const;

/** A size such as 1536MiB or 10GiB; becomes a number of MiB. */
export const size = () =>
  z
    .string()
    .regex(SIZE, { error: 'expected a size in MiB or GiB, such as 1536MiB' })
    .transform((text) => {
      const [, digits, unit] = SIZE.exec(text) ?? [];
      return Number(digits) * (unit === 'GiB' ? 1024 : 1);
    });

/** A size such as 64KiB or 512MiB; becomes a number of bytes. */
export const bytes = () =>
  z
    .string()
    .regex(BYTES, { error: 'expected a size in KiB, MiB or GiB, such as 512MiB' })
    .transform((text) => {
      const [, digits, unit = 'MiB'] = BYTES.exec(text) ?? [];
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
      return Number(digits) * BYTES_A_UNIT[unit as keyof typeof BYTES_A_UNIT];
    });

/** A time such as 10s, 1m30s or 500ms, as Go and Compose write it; becomes a number of nanoseconds, the Engine API's unit. */
export const duration = () =>
  z
    .string()
    .regex(DURATION, { error: 'expected a time such as 10s, 1m30s or 500ms' })
    .transform((text) =>
      [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
        // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the expression allows these alone
        (sum, [, digits, unit]) => sum + Number(digits) * NANOSECONDS_A_UNIT[unit as keyof typeof NANOSECONDS_A_UNIT],
        0,
      ),
    );
