// The SHA-256 hash (FIPS 180-4). Pure.

const BLOCK_BYTES = 64;

/** The 32 bytes of the hash. */
export function sha256(message: Uint8Array): Uint8Array {
  const constants = roundConstants();
  const state = firstState();
  const padded = paddedMessage(message);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) hashBlock(state, padded, at, constants);
  const hash = new Uint8Array(32);
  for (let i = 0; i < 8; i++) putWord(hash, i * 4, state[i]!);
  return hash;
}

/** With a one bit behind it, and its length in bits at the end of the last block. */
function paddedMessage(message: Uint8Array): Uint8Array {
  const blocks = Math.floor((message.length + 8) / BLOCK_BYTES) + 1;
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  putWord(padded, padded.length - 4, message.length * 8);
  return padded;
}

function hashBlock(state: number[], bytes: Uint8Array, at: number, constants: readonly number[]): void {
  const words = scheduleOf(bytes, at);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const mixedE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const chosen = (e & f) ^ (~e & g);
    const first = (h + (mixedE >>> 0) + (chosen >>> 0) + constants[i]! + words[i]!) % 4294967296;
    const mixedA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const most = (a & b) ^ (a & c) ^ (b & c);
    const second = ((mixedA >>> 0) + (most >>> 0)) % 4294967296;
    h = g;
    g = f;
    f = e;
    e = (d + first) % 4294967296;
    d = c;
    c = b;
    b = a;
    a = (first + second) % 4294967296;
  }
  const added = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = (state[i]! + added[i]!) % 4294967296;
}

function scheduleOf(bytes: Uint8Array, at: number): number[] {
  const words: number[] = [];
  for (let i = 0; i < 16; i++) words.push(wordAt(bytes, at + i * 4));
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const first = (rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)) >>> 0;
    const second = (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10)) >>> 0;
    words.push((words[i - 16]! + first + words[i - 7]! + second) % 4294967296);
  }
  return words;
}

function rotated(word: number, by: number): number {
  return ((word >>> by) | (word << (32 - by))) >>> 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 16777216 + bytes[at + 1]! * 65536 + bytes[at + 2]! * 256 + bytes[at + 3]!;
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = (word >>> 24) & 255;
  bytes[at + 1] = (word >>> 16) & 255;
  bytes[at + 2] = (word >>> 8) & 255;
  bytes[at + 3] = word & 255;
}

/** The first 32 bits behind the point of the cube roots of the first 64 primes. */
function roundConstants(): number[] {
  return fractionsOf(64, 3);
}

/** The same of the square roots of the first eight. */
function firstState(): number[] {
  return fractionsOf(8, 2);
}

function fractionsOf(count: number, degree: number): number[] {
  const primes = firstPrimes(count);
  const fractions: number[] = [];
  for (let i = 0; i < count; i++) fractions.push(fractionOf(primes[i]!, degree));
  return fractions;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate++) {
    if (primes.every((prime): boolean => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

/** By whole numbers, so that every bit is exact: the root of the prime times two to the 32 times `degree`. */
function fractionOf(prime: number, degree: number): number {
  const wanted = BigInt(prime) * (degree === 2 ? 18446744073709551616n : 79228162514264337593543950336n);
  let low = 0n;
  let high = 1099511627776n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const power = degree === 2 ? middle * middle : middle * middle * middle;
    if (power <= wanted) low = middle;
    else high = middle;
  }
  return Number(low % 4294967296n);
}
