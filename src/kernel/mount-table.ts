// Lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)). Pure.

/** What a line says about one mount. */
export interface MountRecord {
  readonly id: number;
  /** What of its file system is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  /** Those of the file system, not of the mount. */
  readonly options: readonly string[];
}

/** One line; undefined for what is none. */
export function mountIn(line: string): MountRecord | undefined {
  const at = line.indexOf(" - ");
  if (at < 0) return undefined;
  const before = line.slice(0, at).split(" ");
  const after = line.slice(at + 3).split(" ");
  return {
    id: parseInt(before[0] ?? "", 10),
    root: unescaped(before[3] ?? "/"),
    mountPoint: unescaped(before[4] ?? ""),
    type: after[0] ?? "",
    source: unescaped(after[1] ?? ""),
    options: (after[2] ?? "").split(","),
  };
}

/** Space, tab, newline and backslash are written as three octal digits. */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.split("\\040").join(" ").split("\\011").join("\t").split("\\012").join("\n").split("\\134").join("\\");
}
