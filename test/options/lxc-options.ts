// LXC's options, from the list in lxc.txt: what each takes, and which of them are refused here.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface LxcOption {
  /** Or "all tools". */
  readonly tool: string;
  readonly long: string;
  /** One letter, or empty. */
  readonly short: string;
  readonly takes: "nothing" | "value" | "maybe";
  /** Why we refuse it; empty when we have it. */
  readonly refused: string;
}

const REFUSED = "refused: ";

export function lxcOptions(): LxcOption[] {
  const options: LxcOption[] = [];
  for (const line of readFileSync(join(import.meta.dirname, "lxc.txt"), "utf8").split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [tool = "", spelled = "", why = ""] = line.split(" | ").map((part) => part.trim());
    if (why !== "" && !why.startsWith(REFUSED)) throw new Error(`${line}: the third part is not "${REFUSED}…"`);
    options.push({ tool, ...readSpelled(spelled), refused: why.slice(REFUSED.length) });
  }
  return options;
}

/** `-x --long=`: `=` for a value, `[=]` for one that may be left out. */
export function readSpelled(text: string): Pick<LxcOption, "long" | "short" | "takes"> {
  const found = /^(?:-(.) )?--([a-z-]+)(=|\[=\])?$/.exec(text);
  if (found === null) throw new Error(`${text}: no option is spelled so`);
  const takes = found[3] === undefined ? "nothing" : found[3] === "=" ? "value" : "maybe";
  return { long: found[2] ?? "", short: found[1] ?? "", takes };
}
