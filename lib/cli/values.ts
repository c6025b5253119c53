import { InvalidArgumentError } from 'commander';

/** "a, b" as ['a', 'b'] */
export function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** "90s", "10m", "1h" in milliseconds */
export function duration(value: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(value);
  if (!match) throw new InvalidArgumentError('expected a time such as 90s, 10m or 1h');
  const unit = match[2] === 'h' ? 3_600_000 : match[2] === 'm' ? 60_000 : 1_000;
  return Number(match[1]) * unit;
}

/** A whole number, such as 100 */
export function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number, such as 100');
  return Number(value);
}

/** A TCP port */
export function port(value: string): number {
  const number = count(value);
  if (number < 1 || number > 65_535) throw new InvalidArgumentError('expected a port from 1 to 65535');
  return number;
}

export interface Scale {
  readonly service: string;
  readonly replicas: number;
}

/** "web=4" */
export function scale(value: string, before: readonly Scale[] = []): readonly Scale[] {
  const match = /^([A-Za-z0-9_-]+)=(\d+)$/.exec(value);
  if (!match?.[1] || !match[2]) throw new InvalidArgumentError('expected SERVICE=REPLICAS, such as web=4');
  return [...before, { service: match[1], replicas: Number(match[2]) }];
}
