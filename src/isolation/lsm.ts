// Which security module confines processes here.

import { exists, tryReadText } from "../kernel/files.ts";

/** "AppArmor", "SELinux", or "" when neither is on. */
export function activeLsm(): string {
  if ((tryReadText("/sys/module/apparmor/parameters/enabled") ?? "").startsWith("Y")) return "AppArmor";
  return exists("/sys/fs/selinux/enforce") ? "SELinux" : "";
}
