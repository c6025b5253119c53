import { isAbsolute } from 'node:path';
import type { SegmentKind } from './segment/kind.ts';

/** A comma in a value is doubled. Source: qemu(1). */
export function escape(value: string): string {
  return value.replaceAll(',', ',,');
}

/**
 * The QMP socket in the arguments of a running QEMU: it may be elsewhere than where a new one would be.
 *
 * @returns undefined when the arguments don't tell: without /proc, a path with spaces is cut off
 */
export function qmpSocketIn(argv: readonly string[]): string | undefined {
  const [address = '', ...options] = partsOf(valuesOf(argv, '-qmp')[0] ?? '');
  return address.startsWith('unix:') && options.includes('server=on') ? path(address.slice('unix:'.length)) : undefined;
}

/** How a running machine is joined to the others, and at which socket if the arguments tell. */
export function segmentIn(argv: readonly string[]): { readonly kind: SegmentKind; readonly socket?: string } {
  const parts = valuesOf(argv, '-netdev')
    .map(partsOf)
    .find(([type, ...options]) => type === 'stream' && options.includes('id=segment'));
  if (!parts) return { kind: 'multicast' };
  const address = parts.find((part) => part.startsWith('addr.path='))?.slice('addr.path='.length) ?? '';
  const socket = parts.includes('server=on') ? path(address) : undefined;
  return { kind: 'hub', ...(socket === undefined ? {} : { socket }) };
}

function path(text: string): string | undefined {
  return isAbsolute(text) ? text : undefined;
}

function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, i) => (word === option ? [argv[i + 1] ?? ''] : []));
}

function partsOf(value: string): string[] {
  return value
    .replaceAll(',,', '\0')
    .split(',')
    .map((part) => part.replaceAll('\0', ','));
}
