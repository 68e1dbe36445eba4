// The offset of a time zone from its file (tzfile(5)). Pure.

const HEADER = 44;
const TYPE = 6;
const MAGIC = "TZif";

/** Seconds east of Greenwich at `seconds` since 1970; 0 for what is no such file. */
export function zoneOffsetAt(file: Uint8Array, seconds: number): number {
  if (!isZone(file, 0)) return 0;
  // The first part is for times of 32 bits; from version 2 on a second one follows, for 64.
  if (file[4]! < 50) return offsetIn(file, 0, 4, seconds);
  const second = HEADER + partSize(file, 0, 4);
  return second > 0 && isZone(file, second) ? offsetIn(file, second, 8, seconds) : 0;
}

function isZone(file: Uint8Array, at: number): boolean {
  if (at + HEADER > file.length) return false;
  for (let i = 0; i < MAGIC.length; i++) if (file[at + i]! !== MAGIC.charCodeAt(i)) return false;
  return true;
}

/** The size of what follows the header at `at`. */
function partSize(file: Uint8Array, at: number, width: number): number {
  const [isUtc, isStandard, leaps, times, types, letters] = counts(file, at);
  return times! * (width + 1) + types! * TYPE + letters! + leaps! * (width + 4) + isStandard! + isUtc!;
}

function counts(file: Uint8Array, at: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < 6; i++) found.push(wordAt(file, at + 20 + 4 * i));
  return found;
}

function offsetIn(file: Uint8Array, at: number, width: number, seconds: number): number {
  const all = counts(file, at);
  const times = all[3]!;
  const types = all[4]!;
  const first = at + HEADER;
  if (types === 0 || all.some((count): boolean => count < 0)) return 0;
  if (first + partSize(file, at, width) > file.length) return 0;
  let type = 0;
  for (let i = 0; i < times; i++) {
    const place = first + i * width;
    const begins = width === 4 ? wordAt(file, place) : wordAt(file, place) * 2 ** 32 + unsignedAt(file, place + 4);
    if (begins > seconds) break;
    type = file[first + times * width + i]!;
  }
  return type < types ? wordAt(file, first + times * (width + 1) + type * TYPE) : 0;
}

/** Big-endian, signed. */
function wordAt(file: Uint8Array, at: number): number {
  const value = unsignedAt(file, at);
  return value >= 2 ** 31 ? value - 2 ** 32 : value;
}

function unsignedAt(file: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value * 256 + file[at + i]!;
  return value;
}
