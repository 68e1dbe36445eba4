// What `ps` shows as the command line of this process.

import { PR_SET_MM, PR_SET_MM_MAP, prctlMmMap } from "./abi/prctl.ts";
import { tryCall, tryNumbers } from "./call.ts";
import { tryReadText } from "./files.ts";
import { cString, Pins } from "./memory.ts";

/** Fields of /proc/self/stat, counted from 1 as proc_pid_stat(5) does. */
const START_CODE = 26;

/**
 * Shows `title` instead of the arguments this process was started with. The result holds the text: it must live as long
 * as the process. Nothing happens where the kernel refuses (it needs CONFIG_CHECKPOINT_RESTORE).
 */
export function setProcessTitle(title: string): Pins {
  const pins = new Pins();
  const fields = statFields(tryReadText("/proc/self/stat") ?? "");
  if (fields.length <= 51) return pins;
  const text = cString(title);
  const map = new Uint8Array(prctlMmMap.size);
  prctlMmMap.startCode.put(map, fieldAt(fields, START_CODE));
  prctlMmMap.endCode.put(map, fieldAt(fields, START_CODE + 1));
  prctlMmMap.startStack.put(map, fieldAt(fields, START_CODE + 2));
  prctlMmMap.startData.put(map, fieldAt(fields, 45));
  prctlMmMap.endData.put(map, fieldAt(fields, 46));
  prctlMmMap.startBrk.put(map, fieldAt(fields, 47));
  prctlMmMap.brk.put(map, currentBreak());
  prctlMmMap.envStart.put(map, fieldAt(fields, 50));
  prctlMmMap.envEnd.put(map, fieldAt(fields, 51));
  prctlMmMap.exeFd.put(map, 0xffffffff);
  pins.point(map, prctlMmMap.argStart, text);
  prctlMmMap.argEnd.put(map, prctlMmMap.argStart.get(map) + text.length);
  tryCall("prctl", PR_SET_MM, PR_SET_MM_MAP, map, map.length, 0);
  return pins;
}

/** The fields with their numbers as index; the name, which may hold anything, is left out. */
function statFields(stat: string): string[] {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2);
  return ["", "", ""].concat(afterName.split(" "));
}

function fieldAt(fields: readonly string[], index: number): number {
  return Number(fields[index] ?? "0");
}

function currentBreak(): number {
  return tryNumbers("brk", 0, 0, 0);
}
