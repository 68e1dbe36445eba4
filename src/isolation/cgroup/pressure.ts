// How long a container's processes have had to wait for processors, memory and disks: pressure stall information. Runs in tools.

import { joinPath } from "../../base/path.ts";
import { type AskPath, tryReadFile } from "./items.ts";
import { type CgroupLayout, unifiedOf } from "./layout.ts";
import { numberIn } from "./stats.ts";

/** Shares of time in percent, of the last 10, 60 and 300 seconds, and the whole time. */
export interface Stall {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalMicroseconds: number;
}

/** Time in which some of the processes waited, and in which all of them did, so that nothing went on. */
export interface Pressure {
  readonly some: Stall;
  readonly full: Stall | undefined;
}

/** Undefined is what this kernel does not count. */
export interface Pressures {
  readonly cpu: Pressure | undefined;
  readonly memory: Pressure | undefined;
  readonly io: Pressure | undefined;
}

export const NO_PRESSURES: Pressures = { cpu: undefined, memory: undefined, io: undefined };

/** Only version 2 counts it, in the unified hierarchy whatever the controllers are bound to. */
export function readPressures(layout: CgroupLayout, ask: AskPath): Pressures {
  const unified = unifiedOf(layout);
  const path = unified === undefined ? undefined : ask("");
  // A path from outside is joined below the mount point, so it must not lead out of it.
  if (unified === undefined || path === undefined || path.split("/").includes("..")) return NO_PRESSURES;
  const folder = joinPath(unified.mountPoint, `${path}`);
  const read = (file: string): Pressure | undefined => pressureIn(tryReadFile(joinPath(folder, file)));
  return { cpu: read("cpu.pressure"), memory: read("memory.pressure"), io: read("io.pressure") };
}

/** Reads the content of such a file: a line that begins with `some`, and mostly one with `full`. */
export function pressureIn(text: string | undefined): Pressure | undefined {
  let some: Stall | undefined;
  let full: Stall | undefined;
  for (const line of (text ?? "").split("\n")) {
    if (line.startsWith("some ")) some = stallIn(line);
    else if (line.startsWith("full ")) full = stallIn(line);
  }
  return some === undefined ? undefined : { some, full };
}

function stallIn(line: string): Stall | undefined {
  const words = line.split(" ");
  const avg10 = percentIn(words, "avg10=");
  const avg60 = percentIn(words, "avg60=");
  const avg300 = percentIn(words, "avg300=");
  const totalMicroseconds = numberIn(wordIn(words, "total="));
  if (avg10 === undefined || avg60 === undefined || avg300 === undefined || totalMicroseconds === undefined) {
    return undefined;
  }
  return { avg10, avg60, avg300, totalMicroseconds };
}

/** What is behind `name`. */
function wordIn(words: readonly string[], name: string): string | undefined {
  return words.find((word) => word.startsWith(name))?.slice(name.length);
}

/** Always two digits behind the point. */
function percentIn(words: readonly string[], name: string): number | undefined {
  const text = wordIn(words, name) ?? "";
  const point = text.indexOf(".");
  const whole = numberIn(point < 0 ? text : text.slice(0, point));
  const hundredths = point < 0 ? 0 : numberIn(text.slice(point + 1));
  if (whole === undefined || hundredths === undefined || (point >= 0 && text.length !== point + 3)) return undefined;
  return (whole * 100 + hundredths) / 100;
}
