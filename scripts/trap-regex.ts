// Finds the groups of a regular expression that may take no part in a match.

interface Group {
  readonly start: number;
  readonly captures: boolean;
  /** A group that captures stands inside. */
  holdsCapture: boolean;
  hasAlternatives: boolean;
}

/** The first group that a match may leave out: undefined under Node, but "" natively. */
export function optionalGroup(pattern: string): string | undefined {
  const bare = pattern.replace(/\\./g, "__").replace(/\[[^\]]*\]/g, (set) => "_".repeat(set.length));
  const open: Group[] = [{ start: 0, captures: false, holdsCapture: false, hasAlternatives: false }];
  for (let at = 0; at < bare.length; at++) {
    const inner = open.at(-1);
    if (inner === undefined) return undefined;
    if (bare[at] === "|") inner.hasAlternatives = true;
    if (bare[at] === "(") {
      const captures = bare[at + 1] !== "?" || /^\(\?<[^=!]/.test(bare.slice(at));
      open.push({ start: at, captures, holdsCapture: false, hasAlternatives: false });
    }
    if (bare[at] !== ")") continue;
    open.pop();
    const mayBeAbsent = /^(?:[?*]|\{0)/.test(bare.slice(at + 1)) && (inner.captures || inner.holdsCapture);
    if (mayBeAbsent || isAlternative(inner)) return pattern.slice(inner.start, at + 1);
    const outer = open.at(-1);
    if (outer !== undefined && (inner.captures || inner.holdsCapture)) outer.holdsCapture = true;
  }
  return open[0] !== undefined && isAlternative(open[0]) ? pattern : undefined;
}

function isAlternative(group: Group): boolean {
  return group.hasAlternatives && group.holdsCapture;
}
