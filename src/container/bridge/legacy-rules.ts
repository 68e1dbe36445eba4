// Rules of iptables of the old kind, which nftables knows nothing of.

import { blankSeparated } from "../../base/text.ts";
import { tryReadText } from "../../kernel/files.ts";
import { TABLES } from "./firewall.ts";
import { findProgram, runProgram } from "./programs.ts";

/** What `program -S` lists of its table filter. */
export interface LegacyRules {
  readonly program: string;
  readonly rules: string;
}

/** Of both protocols. The kernel says whether there are any, so that asking makes none. */
export function legacyRules(): LegacyRules[] {
  const found: LegacyRules[] = [];
  for (const program of ["iptables", "ip6tables"]) {
    const names = `/proc/net/${program.slice(0, -TABLES.length)}_tables_names`;
    if (!blankSeparated(readable(names).split("\n").join(" ")).includes("filter")) continue;
    const legacy = `${program}-legacy`;
    const name = findProgram(legacy) === "" ? program : legacy;
    const path = findProgram(name);
    if (path !== "") found.push({ program: name, rules: runProgram(path, ["-w", "-S"]).said });
  }
  return found;
}

/** The text of a file that only root may read; "" for others. */
function readable(path: string): string {
  try {
    return tryReadText(path) ?? "";
  } catch {
    return "";
  }
}
