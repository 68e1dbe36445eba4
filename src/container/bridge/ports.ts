// Who listens on a port that a server of names or addresses needs.

import { wholeNumberIn } from "../../base/text.ts";
import { listDirectory, tryReadLink, tryReadText } from "../../kernel/files.ts";
import { programOf } from "./dnsmasq-process.ts";

/** A socket that listens. */
export interface PortHolder {
  /** 0 when that is not known. */
  readonly pid: number;
  readonly program: string;
  /** "0.0.0.0", "::" or the address. */
  readonly address: string;
  readonly port: number;
}

const DNS = 53;
const DHCP = 67;
const LISTENS = "0A";

/** What to do about a port that somebody else has; "" when nobody is found. `words` are dnsmasq's. */
export function explainPorts(words: readonly string[]): string {
  const address = words[words.indexOf("--listen-address") + 1] ?? "";
  for (const port of [DNS, DHCP]) {
    for (const holder of portHolders(port)) {
      if (holder.address === address || holder.address === "0.0.0.0" || holder.address === "::") {
        return adviceAgainst(holder, address);
      }
    }
  }
  return "";
}

/** How to make a known program leave our addresses alone. */
export function adviceAgainst(holder: PortHolder, address: string): string {
  const { pid, program, port } = holder;
  const who = pid === 0 ? "another process" : `${program === "" ? "another program" : program} (process ${pid})`;
  const has = `${who} has port ${port} of ${holder.address === address ? address : "all addresses"}`;
  switch (program) {
    case "dnsmasq":
      return `${has}: write "bind-interfaces" and "except-interface=lxcbr0" to /etc/dnsmasq.d/lxc, then systemctl restart dnsmasq`;
    case "named":
      return `${has}: write "listen-on { !${address}; any; };" to /etc/bind/named.conf.options, then systemctl restart named`;
    case "unbound":
      return `${has}: name its addresses as "interface:" in /etc/unbound/unbound.conf, then systemctl restart unbound`;
    default:
      return `${has}: let it listen on other addresses, or set another LXC_ADDR in /etc/default/lxc-net`;
  }
}

/** All that listen on a port in our network namespace. */
export function portHolders(port: number): PortHolder[] {
  const sockets: SocketRow[] = [];
  for (const file of ["udp", "udp6", "tcp", "tcp6"]) {
    const state = file.startsWith("tcp") ? LISTENS : "";
    for (const row of socketsIn(tryReadText(`/proc/net/${file}`) ?? "", port, state)) {
      if (!sockets.some((one) => one.inode === row.inode)) sockets.push(row);
    }
  }
  return sockets.map((row): PortHolder => {
    const pid = ownerOf(row.inode);
    return { pid, program: pid === 0 ? "" : programOf(pid), address: row.address, port };
  });
}

export interface SocketRow {
  readonly address: string;
  readonly inode: string;
}

/** The sockets on a port in the text of /proc/net/udp or another; `state` is "" for any. Pure. */
export function socketsIn(text: string, port: number, state: string): SocketRow[] {
  const rows: SocketRow[] = [];
  for (const line of text.split("\n").slice(1)) {
    const words = line.split(" ").filter((word): boolean => word !== "");
    const [local = "", portText = ""] = (words[1] ?? "").split(":");
    if (parseInt(portText, 16) !== port || (state !== "" && words[3] !== state)) continue;
    rows.push({ address: addressIn(local), inode: words[9] ?? "" });
  }
  return rows;
}

/** The kernel prints words of the machine: of the 4 bytes of each the last comes first. */
function addressIn(text: string): string {
  if (text.length === 32) return isZero(text) ? "::" : "an IPv6 address";
  const bytes: number[] = [];
  for (let at = 6; at >= 0; at -= 2) bytes.push(parseInt(text.slice(at, at + 2), 16));
  return bytes.join(".");
}

function isZero(text: string): boolean {
  for (const letter of text) if (letter !== "0") return false;
  return true;
}

/** The process with a socket of that number, or 0. */
function ownerOf(inode: string): number {
  const wanted = `socket:[${inode}]`;
  for (const name of listDirectory("/proc")) {
    const pid = wholeNumberIn(name);
    if (pid !== undefined && hasSocket(pid, wanted)) return pid;
  }
  return 0;
}

function hasSocket(pid: number, wanted: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return listDirectory(folder).some((fd): boolean => tryReadLink(`${folder}/${fd}`) === wanted);
  } catch {
    // Ended meanwhile, or not ours to look at.
    return false;
  }
}
