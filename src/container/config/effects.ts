// Which keys in use do not do yet what they say, so that a start is refused by name. Pure.

import type { Config } from "./schema.ts";

/** Backends of `lxc.rootfs.path` whose effect is there; "" is found out by looking. */
const storageNow: readonly string[] = ["", "dir"];

/** The keys in use that a start must refuse, in table order; with their value where only that value is refused. */
export function notYetIn(config: Config): string[] {
  const keys: string[] = [];
  for (const used of config.used()) if (used.setting.effect === "later") keys.push(used.key);
  for (const network of config.networks.items) {
    if (!network.isTypeThere()) keys.push(`lxc.net.${network.index}.type = ${network.type.value}`);
  }
  const storage = config.rootfsPath.value?.type ?? "";
  if (!storageNow.includes(storage)) keys.push(`lxc.rootfs.path = ${storage}:`);
  if ((config.rootfsOptions.value ?? "").includes("idmap=")) keys.push("lxc.rootfs.options = idmap=");
  for (const auto of config.mountAuto.values) {
    if (auto.what === "shmounts") keys.push("lxc.mount.auto = shmounts");
  }
  for (const entry of config.mountEntry.values) if (entry.idmap !== "") keys.push(`lxc.mount.entry = ${entry.line}`);
  return keys;
}

/** The keys in use that only matter when AppArmor or SELinux is on. */
export function lsmKeysIn(config: Config): string[] {
  const keys: string[] = [];
  for (const used of config.used()) if (used.setting.effect === "lsm") keys.push(used.key);
  return keys;
}
