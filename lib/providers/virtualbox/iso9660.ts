/** A sector, in bytes. */
const SECTOR = 2048;
const SYSTEM_SECTORS = 16;

export interface IsoFile {
  /** Lower-case, without a path, as Linux shows it. */
  readonly name: string;
  readonly contents: string;
}

/**
 * An ISO 9660 image with some small files in its root, for cloud-init's NoCloud data source on a drive labelled CIDATA.
 * Source: ECMA-119. Names are longer than its level 1 allows, but Linux reads them.
 *
 * @param label at most 32 characters
 */
export function isoImage(label: string, files: readonly IsoFile[]): Buffer {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // System area, primary descriptor, terminator, two path tables, the root, and the files.
  const pathTables = SYSTEM_SECTORS + 2;
  const root = pathTables + 2;
  let next = root + 1;
  const placed = sorted.map(({ name, contents }) => {
    const bytes = Buffer.from(contents);
    const at = next;
    next += Math.max(1, Math.ceil(bytes.length / SECTOR));
    return { name: `${name.toUpperCase()};1`, bytes, at };
  });
  const image = Buffer.alloc(next * SECTOR);
  const self = directoryRecord('\0', root, SECTOR, true);
  writeDescriptor(image.subarray(SYSTEM_SECTORS * SECTOR), { label, sectors: next, pathTables, root: self });
  image.write('\xffCD001\x01', (SYSTEM_SECTORS + 1) * SECTOR, 'latin1');
  writePathTable(image.subarray(pathTables * SECTOR), root, 'little');
  writePathTable(image.subarray((pathTables + 1) * SECTOR), root, 'big');
  const entries = [
    self,
    directoryRecord('\x01', root, SECTOR, true),
    ...placed.map(({ name, bytes, at }) => directoryRecord(name, at, bytes.length, false)),
  ];
  Buffer.concat(entries).copy(image, root * SECTOR);
  for (const { bytes, at } of placed) bytes.copy(image, at * SECTOR);
  return image;
}

interface Descriptor {
  readonly label: string;
  readonly sectors: number;
  readonly pathTables: number;
  readonly root: Buffer;
}

/** The length of the path table, which contains only the root. */
const PATH_TABLE = 10;

function writeDescriptor(to: Buffer, { label, sectors, pathTables, root }: Descriptor): void {
  to.write('\x01CD001\x01', 0, 'latin1');
  to.fill(' ', 8, 72);
  to.write(label.toUpperCase(), 40, 'latin1');
  both32(to, 80, sectors);
  both16(to, 120, 1);
  both16(to, 124, 1);
  both16(to, 128, SECTOR);
  both32(to, 132, PATH_TABLE);
  to.writeUInt32LE(pathTables, 140);
  to.writeUInt32BE(pathTables + 1, 148);
  root.copy(to, 156);
  to.fill(' ', 190, 813);
  // Four unset dates: sixteen digits and an offset each.
  for (let i = 0; i < 4; i++) to.write('0'.repeat(16), 813 + 17 * i, 'latin1');
  to.writeUInt8(1, 881);
}

function writePathTable(to: Buffer, root: number, order: 'little' | 'big'): void {
  to.writeUInt8(1, 0);
  if (order === 'little') {
    to.writeUInt32LE(root, 2);
    to.writeUInt16LE(1, 6);
  } else {
    to.writeUInt32BE(root, 2);
    to.writeUInt16BE(1, 6);
  }
}

function directoryRecord(name: string, at: number, length: number, isFolder: boolean): Buffer {
  const identifier = Buffer.from(name, 'latin1');
  const size = 33 + identifier.length + (identifier.length % 2 === 0 ? 1 : 0);
  const record = Buffer.alloc(size);
  record.writeUInt8(size, 0);
  both32(record, 2, at);
  both32(record, 10, length);
  record.writeUInt8(isFolder ? 2 : 0, 25);
  both16(record, 28, 1);
  record.writeUInt8(identifier.length, 32);
  identifier.copy(record, 33);
  return record;
}

/** A number in both byte orders, one after the other. */
function both32(to: Buffer, offset: number, value: number): void {
  to.writeUInt32LE(value, offset);
  to.writeUInt32BE(value, offset + 4);
}

function both16(to: Buffer, offset: number, value: number): void {
  to.writeUInt16LE(value, offset);
  to.writeUInt16BE(value, offset + 2);
}
