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

/** Fields in front of the optional ones, which "-" ends, and those behind that. */
const FIXED = 6;
const BEHIND = 3;

/** One line; undefined for what is none. */
export function mountIn(line: string): MountRecord | undefined {
  const fields = line.split(" ");
  const dash = fields.indexOf("-", FIXED);
  if (dash < 0 || dash + BEHIND >= fields.length) return undefined;
  return {
    root: unescaped(fields[3]!),
    mountPoint: unescaped(fields[4]!),
    type: fields[dash + 1]!,
    source: unescaped(fields[dash + 2]!),
    options: fields[dash + 3]!.split(","),
  };
}

/** Replaces `\040` (space), `\011` (tab), `\012` (newline), `\134` and `\\` (backslash), the escapes of mountinfo and of fstab(5). */
export function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const four = text.slice(at, at + 4);
    const letter =
      four === "\\040" ? " " : four === "\\011" ? "\t" : four === "\\012" ? "\n" : four === "\\134" ? "\\" : "";
    if (letter !== "") {
      plain += letter;
      at += 4;
    } else if (text.startsWith("\\\\", at)) {
      plain += "\\";
      at += 2;
    } else {
      plain += text.charAt(at);
      at++;
    }
  }
  return plain;
}
