// One line of fstab, as in lxc.mount.entry and the file of lxc.mount.fstab. Pure.

import { blankSeparated } from "../../base/text.ts";
import { unescaped } from "../../kernel/mount-table.ts";

export interface MountEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** Words for the kernel and for the file system; LXC's own are taken out into the fields below. */
  readonly options: readonly string[];
  /** A failure to mount does not stop the start. */
  readonly optional: boolean;
  /** What is made when the target is missing. */
  readonly create: "" | "dir" | "file";
  /** The source is below the root file system. */
  readonly relative: boolean;
  /** Whose id map the mount gets: "", "container" or the path of a user namespace. */
  readonly idmap: string;
  /** The line as written. */
  readonly line: string;
}

/** Reads `SOURCE TARGET TYPE OPTIONS [FREQ PASS]`, as getmntent(3) does; undefined when the target is missing. */
export function mountEntryIn(line: string): MountEntry | undefined {
  const fields = blankSeparated(line);
  const source = fields[0];
  const target = fields[1];
  if (source === undefined || target === undefined) return undefined;
  const options: string[] = [];
  let optional = false;
  let relative = false;
  let create: MountEntry["create"] = "";
  let idmap = "";
  for (const option of unescaped(`${fields[3] ?? ""}`).split(",")) {
    if (option === "optional") optional = true;
    else if (option === "relative") relative = true;
    else if (option === "create=dir") create = "dir";
    else if (option === "create=file") create = "file";
    else if (option.startsWith("idmap=")) idmap = option.slice(6);
    else if (option !== "") options.push(option);
  }
  const type = unescaped(`${fields[2] ?? ""}`);
  return {
    source: unescaped(`${source}`),
    target: unescaped(`${target}`),
    type,
    options,
    optional,
    create,
    relative,
    idmap,
    line,
  };
}

/** The entries of a whole fstab file. Comments and empty lines are skipped, and lines without a target, as getmntent(3) does. */
export function mountEntriesIn(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split("\n")) {
    const bare = line.trim();
    if (bare === "" || bare.startsWith("#")) continue;
    const entry = mountEntryIn(bare);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
