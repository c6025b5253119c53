import { Timestamp } from '../values.ts';

const FORM =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:([Tt])|( ))(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d{2}:\d{2})?)?$/;

/** A timestamp in one of the forms of gopkg.in/yaml.v3: a date, with a time and its zone, or with a time in UTC. */
export function readTimestamp(text: string): Timestamp | undefined {
  const [, year = '', month = '', day = '', t, space, hour = '0', minute = '0', second = '0', fraction = '', zone] =
    FORM.exec(text) ?? [];
  if (year === '' || (t !== undefined && zone === undefined) || (space !== undefined && zone !== undefined))
    return undefined;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || !isZone(zone)) return undefined;
  const two = (part: string) => part.padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}`;
  const digits = fraction.slice(0, 9).replace(/0+$/, '');
  const time = `${two(hour)}:${two(minute)}:${two(second)}${digits === '' ? '' : `.${digits}`}`;
  const offset = zone === undefined || zone === 'Z' || zone === '+00:00' || zone === '-00:00' ? undefined : zone;
  const compact = offset?.replace(':', '');
  const name = compact === undefined ? '+0000 UTC' : `${compact} ${compact}`;
  return new Timestamp(`${date} ${time} ${name}`, `${date}T${time}${offset ?? 'Z'}`);
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isZone(zone: string | undefined): boolean {
  if (zone === undefined || zone === 'Z') return true;
  return Number(zone.slice(1, 3)) <= 24 && Number(zone.slice(4)) <= 60;
}
