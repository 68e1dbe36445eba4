// The kinds of storage by name.

import { LxcError } from "../../base/errors.ts";
import { isOverlay } from "../rootfs/layers.ts";
import { DirStorage } from "./dir.ts";
import { OverlayStorage } from "./overlay.ts";
import type { Storage } from "./storage.ts";

/** Those LXC has and we have not. */
const OTHERS: readonly string[] = ["best", "btrfs", "loop", "lvm", "nbd", "rbd", "zfs"];

/** The storage that `-B <name>` or the kind in `lxc.rootfs.path` asks for; "" and `none` mean a plain folder, as in LXC. */
export function storageNamed(name: string): Storage {
  if (name === "" || name === "none" || name === "dir") return new DirStorage();
  if (isOverlay(name)) return new OverlayStorage();
  const doing = `use the backing storage ${name}`;
  const hint = "use -B dir or -B overlay";
  if (OTHERS.includes(name))
    throw new LxcError("unsupported", doing, "only plain folders and overlays are supported", { hint });
  throw new LxcError("config-invalid", doing, `${name} is not a valid backing storage type`, { hint });
}
