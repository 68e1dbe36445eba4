// The number by which programs tell one boot from the next (random(4)). Pure.

const HEX = "0123456789abcdef";
/** Before which bytes a dash stands. */
const DASHES: readonly number[] = [4, 6, 8, 10];

/** 16 random bytes as the kernel writes boot_id: a random UUID of version 4, and a newline. */
export function bootIdText(random: Uint8Array): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    let byte = random[i] ?? 0;
    if (i === 6) byte = (byte & 0x0f) | 0x40;
    if (i === 8) byte = (byte & 0x3f) | 0x80;
    if (DASHES.includes(i)) text += "-";
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  }
  return `${text}\n`;
}
