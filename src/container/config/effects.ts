// What a configuration asks for that is not there yet, so that a start is refused by name. Pure.

import type { Config } from "./schema.ts";
import type { Complaint } from "./settings.ts";

/** Backends of `lxc.rootfs.path` whose effect is there; "" is found out by looking. */
const storageNow: readonly string[] = ["", "dir", "overlay", "overlayfs"];

/** What a start must refuse. */
export function notYetIn(config: Config): Complaint[] {
  const storage = config.rootfsPath.value?.type ?? "";
  if (storageNow.includes(storage)) return [];
  const problem = `${storage}: is not supported yet`;
  return [{ about: "value", key: config.rootfsPath.key, problem, hint: "put the root file system into a folder" }];
}
