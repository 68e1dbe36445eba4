// What lxc-net's DHCP and name server is told of a container: its hardware address, its name, perhaps its address. Pure.

import { LxcError } from "../../base/errors.ts";
import { ipv4Bytes, ipv4Text } from "../../base/ip.ts";
import type { DeviceAddress } from "../../kernel/addresses.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { isSameAddress } from "../config/port-rules.ts";
import type { Container } from "../container.ts";
import { fnv1a64 } from "../paths.ts";
import { isInPrefix } from "./learned-address.ts";
import { hardwareText } from "./moved-links.ts";
import { markOf, wholeName } from "./published.ts";
import { invalid, PLANNING } from "./refusals.ts";
import { type NetworkRequest, networkKey } from "./request.ts";

const LONGEST_LABEL = 63;
const LEASE_KEY = "ipv4.lease";

/** One container's file in the folder of a bridge. */
export interface NamedContainer {
  readonly container: Container;
  /** The i of lxc.net.[i]. */
  readonly index: number;
  readonly hwaddr: Uint8Array;
  /** Empty for any. */
  readonly lease: Uint8Array;
}

/** The file's name; dnsmasq skips those that begin with a dot. */
export function hostFileOf(container: Container, index: number): string {
  return `${markOf(container)}-${index}`;
}

/** As dnsmasq(8) reads it with --dhcp-hostsdir; a name that is none for DNS is left out. */
export function hostFileText(named: NamedContainer): string {
  const words = [hardwareText(named.hwaddr)];
  if (isLabel(named.container.name)) words.push(named.container.name);
  if (named.lease.length > 0) words.push(ipv4Text(named.lease));
  return `# ${oneLine(wholeName(named.container))}\n${words.join(",")}\n`;
}

function oneLine(text: string): string {
  return text.split("\n").join(" ");
}

/** Whether there is anything to tell: a hardware address alone is not. */
export function isWorthTelling(named: NamedContainer): boolean {
  return isLabel(named.container.name) || named.lease.length > 0;
}

/** Letters, digits and hyphens, at most 63, no hyphen at either end (RFC 1123). */
export function isLabel(name: string): boolean {
  if (name === "" || name.length > LONGEST_LABEL || name.startsWith("-") || name.endsWith("-")) return false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
    if (!isLetter && code !== 45 && (code < 48 || code > 57)) return false;
  }
  return true;
}

/** Whose file it is, and the address it asks for. */
export interface HostFile {
  readonly container: Container;
  readonly lease: Uint8Array;
}

/** Undefined for what `hostFileText` never writes. */
export function hostFileIn(text: string): HostFile | undefined {
  const lines = text.split("\n");
  const path = (lines[0] ?? "").slice(2);
  const slash = path.lastIndexOf("/");
  const words = (lines[1] ?? "").split(",");
  const last = ipv4Bytes(words[words.length - 1] ?? "");
  if (!(lines[0] ?? "").startsWith("# /") || slash < 1) return undefined;
  const container = { name: path.slice(slash + 1), lxcpath: path.slice(0, slash) };
  return { container, lease: words.length > 1 && last !== undefined ? last : new Uint8Array(0) };
}

/**
 * Where the configuration gives none: always the same for a container, so that it is the same one for a DHCP server after a
 * new start. `machine` keeps those of two hosts apart. Locally administered.
 */
export function steadyAddress(container: Container, index: number, machine: string): Uint8Array {
  const hash = fnv1a64(bytesOfText(`${machine} ${wholeName(container)} ${index}`));
  const bytes = new Uint8Array(6);
  bytes[0] = 2;
  for (let at = 1; at < 6; at++) bytes[at] = parseInt(hash.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** The address to ask for, if it can be had on `bridge` at all. */
export function checkedLease(
  request: NetworkRequest,
  bridge: LinkInfo | undefined,
  addresses: readonly DeviceAddress[],
): Uint8Array {
  const { lease } = request.veth;
  if (lease.length === 0) return lease;
  const key = `${networkKey(request, LEASE_KEY)} = ${ipv4Text(lease)}`;
  if (bridge === undefined) {
    throw invalid(`${key} is for a port of a bridge`, `set ${networkKey(request, "link")} to the bridge of lxc-net`);
  }
  const own = addresses.filter((one): boolean => one.device === bridge.index && one.bytes.length === 4);
  if (own.length === 0) {
    throw new LxcError("wrong-state", PLANNING, `${key}: the bridge ${bridge.name} has no IPv4 address`, {
      hint: "run lxc-net start",
    });
  }
  if (own.some((one) => isSameAddress(one.bytes, lease))) {
    throw invalid(`${key} is the address of the bridge itself`, "choose another one of its network");
  }
  const around = own.find((one): boolean => isInPrefix(lease, one.bytes, one.prefix));
  if (around === undefined) {
    const networks = own.map((one) => `${ipv4Text(one.bytes)}/${one.prefix}`).join(", ");
    throw invalid(`${key} is not in the network of ${bridge.name}, ${networks}`, "choose one that is");
  }
  if (isEdge(lease, around.prefix)) {
    throw invalid(`${key} is the first or the last address of its network`, "these are nobody's: choose another one");
  }
  return lease;
}

/** The network's own address, or that of all in it. */
function isEdge(address: Uint8Array, prefix: number): boolean {
  if (prefix > 30) return false;
  let ones = true;
  let zeros = true;
  for (let bit = prefix; bit < 32; bit++) {
    const isSet = (((address[Math.floor(bit / 8)] ?? 0) >> (7 - (bit % 8))) & 1) === 1;
    if (isSet) zeros = false;
    else ones = false;
  }
  return ones || zeros;
}

/** The hardware address that a file of dnsmasq's leases has for `address`; "" for none that counts at `now`, in seconds. */
export function leaseholderIn(leases: string, address: Uint8Array, now: number): string {
  const text = ipv4Text(address);
  for (const line of leases.split("\n")) {
    const words = line.split(" ");
    const end = parseInt(words[0] ?? "", 10);
    // 0 is for ever.
    if ((words[2] ?? "") === text && (end === 0 || end > now)) return words[1] ?? "";
  }
  return "";
}

export function leaseTaken(index: number, lease: Uint8Array, holder: string): LxcError {
  const doing = `use lxc.net.${index}.${LEASE_KEY} = ${ipv4Text(lease)}`;
  return new LxcError("wrong-state", doing, `${holder} has that address`, {
    hint: "choose another one of the bridge's network",
  });
}
