// Which texts mean nothing but themselves in rules of security modules. Pure.

/** Whether a text is made of ASCII letters, digits and `signs` alone, and of at least one. */
export function isMadeOf(text: string, signs: string): boolean {
  for (const letter of text) {
    const isLetter = (letter >= "a" && letter <= "z") || (letter >= "A" && letter <= "Z");
    if (!isLetter && !(letter >= "0" && letter <= "9") && !signs.includes(letter)) return false;
  }
  return text !== "";
}
