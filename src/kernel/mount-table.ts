// Lines of /proc/PID/mountinfo (proc_pid_mountinfo(5)). Pure.

/** What a line says about one mount. */
export interface MountRecord {
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
  // In front of the root: the mount's number, that of the one it is on, and the device's.
  const root = fieldFrom(line, afterFields(line, 0, 3));
  const mountPoint = fieldFrom(line, afterFields(line, 0, 4));
  if (at < 0 || root === "" || mountPoint === "") return undefined;
  const type = at + 3;
  return {
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    type: fieldFrom(line, type),
    source: unescaped(fieldFrom(line, afterFields(line, type, 1))),
    options: fieldFrom(line, afterFields(line, type, 2)).split(","),
  };
}

/** Where the field begins that has `count` others between it and `start`; the line's end when there are not so many. */
function afterFields(line: string, start: number, count: number): number {
  let at = start;
  for (let left = count; left > 0; left--) {
    const space = line.indexOf(" ", at);
    if (space < 0) return line.length;
    at = space + 1;
  }
  return at;
}

function fieldFrom(line: string, at: number): string {
  const end = line.indexOf(" ", at);
  return line.slice(at, end < 0 ? line.length : end);
}

/** Space, tab, newline and backslash are written as three octal digits. */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.split("\\040").join(" ").split("\\011").join("\t").split("\\012").join("\n").split("\\134").join("\\");
}
