// Numbers in the files of cgroups, read from their bytes: no text is made of them. Pure.

const NEWLINE = 10;
const POINT = 46;
const ZERO = 48;
const NINE = 57;

/** The digits from `at` on; -1 when there are none. */
export function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let value = -1;
  for (let i = at; i < length; i++) {
    const digit = bytes[i]!;
    if (digit < ZERO || digit > NINE) break;
    value = Math.max(0, value) * 10 + digit - ZERO;
  }
  return value;
}

function isAt(bytes: Uint8Array, at: number, length: number, word: string): boolean {
  if (at + word.length > length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i]! !== word.charCodeAt(i)) return false;
  return true;
}

/** The number of the line that begins with `name`, its blank included; -1 when there is none. */
export function fieldOf(bytes: Uint8Array, length: number, name: string): number {
  let at = 0;
  while (at < length) {
    if (isAt(bytes, at, length, name)) return numberAt(bytes, at + name.length, length);
    while (at < length && bytes[at]! !== NEWLINE) at++;
    at++;
  }
  return -1;
}

/** The sum of the numbers behind each `word`, such as ` Read ` or ` rbytes=`. */
export function sumOf(bytes: Uint8Array, length: number, word: string): number {
  const first = word.charCodeAt(0);
  let sum = 0;
  for (let at = 0; at < length; at++) {
    if (bytes[at]! !== first || !isAt(bytes, at, length, word)) continue;
    sum += Math.max(0, numberAt(bytes, at + word.length, length));
  }
  return sum;
}

/** The percent behind `some avg10=` of a file about pressure, which has two digits behind the point; -1 when it has none. */
export function shareOf(bytes: Uint8Array, length: number): number {
  const name = "some avg10=";
  if (!isAt(bytes, 0, length, name)) return -1;
  const whole = numberAt(bytes, name.length, length);
  let point = name.length;
  while (point < length && bytes[point]! !== POINT) point++;
  const hundredths = numberAt(bytes, point + 1, length);
  return whole < 0 || hundredths < 0 ? -1 : (whole * 100 + hundredths) / 100;
}
