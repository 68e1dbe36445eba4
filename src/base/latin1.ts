// Bytes as text of one letter each, for what is not UTF-8 and must be kept as it is. Pure.

/** Each byte as the letter of its number. */
export function lettersOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** The bytes whose letters these are. */
export function bytesOfLetters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
