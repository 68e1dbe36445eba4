// What lxc-user-nic is asked for, out of its words. Pure.

import { wholeNumberIn } from "../../base/text.ts";
import { isDeviceName } from "../../kernel/links.ts";

/** A network namespace, by the process that is in it, or by a descriptor of a process. */
export interface NamespacePlace {
  readonly pid: number;
  /** Below /proc/PID. */
  readonly file: string;
}

export interface NicRequest {
  readonly action: "create" | "delete";
  readonly place: NamespacePlace;
  readonly type: string;
  readonly bridge: string;
  /** create: inside, eth%d for any; delete: on the host. */
  readonly device: string;
}

export const USAGE =
  "Usage: lxc-user-nic create LXCPATH NAME PID veth BRIDGE [NAME-INSIDE]\n" +
  "       lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net veth BRIDGE NAME-ON-HOST\n";

const TYPE = "veth";
const LARGEST_PID = 4194304;
const LARGEST_DESCRIPTOR = 1048576;

/** Undefined for words that are none. LXCPATH and NAME are not looked at, as in LXC. */
export function requestIn(words: readonly string[]): NicRequest | undefined {
  if (words.length < 6 || words.length > 7) return undefined;
  const [action = "", , , where = "", type = "", bridge = "", device = "eth%d"] = words;
  if (type !== TYPE || !isDeviceName(bridge) || bridge.startsWith("-")) return undefined;
  if (!isDeviceName(device) || device.startsWith("-")) return undefined;
  if (action === "create") {
    const pid = numberIn(where, LARGEST_PID);
    return pid === undefined ? undefined : { action, place: { pid, file: "ns/net" }, type, bridge, device };
  }
  const place = action === "delete" && words.length === 7 ? placeIn(where) : undefined;
  return place === undefined ? undefined : { action: "delete", place, type, bridge, device };
}

/** No other path is opened, for whatever reason (CVE-2018-6556, CVE-2022-47952). LXC gives a descriptor of its monitor. */
function placeIn(path: string): NamespacePlace | undefined {
  const parts = path.split("/");
  const [empty = "", proc = "", number = "", folder = "", last = ""] = parts;
  const pid = numberIn(number, LARGEST_PID);
  if (parts.length !== 5 || empty !== "" || proc !== "proc" || pid === undefined) return undefined;
  if (folder === "ns" && last === "net") return { pid, file: "ns/net" };
  const fd = folder === "fd" ? numberIn(last, LARGEST_DESCRIPTOR) : undefined;
  return fd === undefined ? undefined : { pid, file: `fd/${fd}` };
}

/** Digits only. */
function numberIn(text: string, largest: number): number | undefined {
  const number = wholeNumberIn(text);
  return number === undefined || number < 0 || number > largest || text.startsWith("-") ? undefined : number;
}
