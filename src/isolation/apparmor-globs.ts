// Path patterns of AppArmor for everything but a few places. It has no such word itself, and what a profile denies no other
// rule can allow again. Pure.

/**
 * Patterns that together match every path below the folder `root` except `kept`, and the folders on the way there. What is
 * kept is relative to `root`: `a/b` is one file, `a/b*` all names that begin so, and `a/b/**` a folder with all in it. None
 * of them begins another, and their letters mean nothing in a pattern.
 */
export function patternsBut(root: string, kept: readonly string[]): string[] {
  const found: string[] = [];
  const seen: string[] = [];
  for (const each of kept) {
    const path = each.endsWith("/**") ? each.slice(0, -2) : each.endsWith("*") ? each.slice(0, -1) : each;
    for (let length = 0; length < path.length; length++) {
      const begin = path.slice(0, length);
      if (seen.includes(begin)) continue;
      seen.push(begin);
      found.push(`${root}/${begin}${elsewhere(begin, lettersAfter(begin, kept))}{,/**}`);
    }
    if (path === each) found.push(`${root}/${path}?*{,/**}`, `${root}/${path}/**`);
    else if (!path.endsWith("/")) found.push(`${root}/${each}/**`);
  }
  return found;
}

/** The letters that lead on from `begin` to something kept. */
function lettersAfter(begin: string, kept: readonly string[]): string {
  let letters = "";
  for (const each of kept) {
    const letter = each.startsWith(begin) ? each.charAt(begin.length) : "";
    if (letter !== "*" && !letters.includes(letter)) letters += letter;
  }
  return letters;
}

/** What comes after `begin` in names that lead to nothing that is kept. A class never matches a slash. */
function elsewhere(begin: string, letters: string): string {
  const others = letters.split("/").join("");
  const name = others === "" ? "?*" : `[^${others}]*`;
  const isFolder = begin === "" || begin.endsWith("/") || letters.includes("/");
  // A name that ends too early is another file.
  return isFolder ? name : `{,${name}}`;
}

/** One pattern for many below `/`, each of them with all that is in it. */
export function anyOf(patterns: readonly string[]): string {
  const tail = "{,/**}";
  const heads = patterns.map((pattern) => (pattern.endsWith(tail) ? pattern.slice(1, -tail.length) : pattern.slice(1)));
  return `/{${heads.join(",")}}${tail}`;
}
