// Which keys in use do not do yet what they say, so that a start is refused by name. Pure.

import type { Config } from "./schema.ts";
import type { Complaint } from "./settings.ts";

/** Backends of `lxc.rootfs.path` whose effect is there; "" is found out by looking. */
const storageNow: readonly string[] = ["", "dir", "overlay", "overlayfs"];

const NOT_YET = "not supported yet";
const TAKE_OUT = "take it out, or start this container with LXC";

function complaint(key: string, problem: string, hint: string): Complaint {
  return { about: "value", key, problem, hint };
}

/** The keys in use that a start must refuse, in table order. */
export function notYetIn(config: Config): Complaint[] {
  const found: Complaint[] = [];
  for (const used of config.used())
    if (used.setting.effect === "later") found.push(complaint(used.key, NOT_YET, TAKE_OUT));
  return found.concat(valuesNotYetIn(config));
}

/** Of keys that do some of what they can say. */
function valuesNotYetIn(config: Config): Complaint[] {
  const found: Complaint[] = [];
  const storage = config.rootfsPath.value?.type ?? "";
  if (!storageNow.includes(storage)) {
    found.push(complaint(config.rootfsPath.key, `${storage}: is ${NOT_YET}`, "put the root file system into a folder"));
  }
  return found;
}
