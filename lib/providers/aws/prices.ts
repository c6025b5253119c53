import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '../../config/model.ts';
import { messageOf, SwarmupError } from '../../util/errors.ts';
import type { Price } from '../../contracts/provider.ts';

const table = z.strictObject({
  currency: z.string().min(1).describe('Such as USD.'),
  perHour: z.record(z.string(), z.number().nonnegative()).describe('What an hour of each instance type costs.'),
});

/** The hourly price of an instance type in the user's own table; undefined for types that aren't in it. */
export type PriceOf = (type: string) => Price | undefined;

/**
 * Reads the price table named in the cluster file. There are no built-in prices: they vary by region, contract and day.
 *
 * @throws SwarmupError CONFIG_INVALID
 */
export async function readPrices(file: string | undefined, cluster: Pick<Cluster, 'file'>): Promise<PriceOf> {
  if (file === undefined) return () => undefined;
  const path = resolve(dirname(cluster.file), file);
  try {
    const { currency, perHour } = table.parse(parse(await readFile(path, 'utf8')));
    return (type) => (perHour[type] === undefined ? undefined : { amount: perHour[type], currency });
  } catch (cause) {
    throw new SwarmupError('CONFIG_INVALID', `provider.prices: ${path} is not a price table: ${messageOf(cause)}`, {
      fix: 'Expected YAML like: { currency: USD, perHour: { t3.small: 0.0208 } }',
      cause,
    });
  }
}
