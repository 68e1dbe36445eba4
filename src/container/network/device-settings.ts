// Settings of the host's devices below /proc/sys/net.

import { ENOENT } from "../../kernel/abi/errno.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { refused } from "../../kernel/call.ts";
import { tryWriteAt } from "../../kernel/files.ts";

export type DeviceSetting = "ipv4 forwarding" | "ipv6 forwarding" | "ipv6 proxy" | "ipv6 off" | "ipv6 bare";

const files: Readonly<Record<DeviceSetting, string>> = {
  "ipv4 forwarding": "ipv4/conf/*/forwarding",
  "ipv6 forwarding": "ipv6/conf/*/forwarding",
  "ipv6 proxy": "ipv6/conf/*/proxy_ndp",
  "ipv6 off": "ipv6/conf/*/disable_ipv6",
  // Without an address of its own (IN6_ADDR_GEN_MODE_NONE).
  "ipv6 bare": "ipv6/conf/*/addr_gen_mode",
};

/** Switches `setting` of the device `name` on. No failure on a kernel without that protocol. */
export function setDevice(name: string, setting: DeviceSetting): void {
  const path = `/proc/sys/net/${files[setting].split("*").join(name)}`;
  const result = tryWriteAt(AT_FDCWD, path, "1");
  if (result < 0 && result !== -ENOENT) throw refused(`write ${path}`, "write", result);
}
