// The folder that lxc-net makes for each of its bridges, and the files of containers in it. Runs in tools and in the monitor.

import { LxcError } from "../../base/errors.ts";
import { joinPath } from "../../base/path.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { AT_FDCWD, O_DIRECTORY, O_RDONLY } from "../../kernel/abi/fs.ts";
import { SIGHUP } from "../../kernel/abi/signal.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryCall } from "../../kernel/call.ts";
import { closeFd, createText, exists, listDirectory, removeFile, tryOpenAt, tryReadText } from "../../kernel/files.ts";
import { sendSignal, tryOpenProcess } from "../../kernel/process.ts";
import { isSameAddress } from "../config/port-rules.ts";
import type { Container } from "../container.ts";
import { commandSocketOf } from "../paths.ts";
import { hardwareText } from "./moved-links.ts";
import {
  hostFileIn,
  hostFileOf,
  hostFileText,
  isWorthTelling,
  leaseholderIn,
  leaseTaken,
  type NamedContainer,
  steadyAddress,
} from "./names.ts";
import type { PlannedNetwork } from "./planned.ts";
import { markOf } from "./published.ts";

/** As lxc-net makes them. */
export const NET_FOLDER = "/run/lxc/net";
const PID_FILE = "/run/lxc/dnsmasq.pid";
const LEASES = "/var/lib/misc/dnsmasq.*.leases";

export function hostsFolderOf(bridge: string): string {
  return `${NET_FOLDER}/${bridge}/hosts`;
}

/** Whether lxc-net serves `bridge`: one open that fails where it does not. */
export function isServed(bridge: string): boolean {
  const fd = tryOpenAt(AT_FDCWD, hostsFolderOf(bridge), O_RDONLY | O_DIRECTORY);
  if (fd >= 0) closeFd(fd);
  return fd >= 0;
}

/** What tells the machines apart, for `steadyAddress`. */
export function machineName(): string {
  return (tryReadText("/etc/machine-id") ?? "").trim();
}

/** The container of `network` as the name server knows it. */
export function namedContainer(container: Container, network: PlannedNetwork, lease: Uint8Array): NamedContainer {
  const { index, hwaddr } = network;
  const own = hwaddr.length > 0 ? hwaddr : steadyAddress(container, index, machineName());
  return { container, index, hwaddr: own, lease };
}

/** There is nobody to give the address. */
export function noServer(network: PlannedNetwork): LxcError {
  const doing = `use lxc.net.${network.index}.ipv4.lease`;
  return new LxcError(
    "wrong-state",
    doing,
    `lxc-net does not serve ${network.link}: no ${hostsFolderOf(network.link)}`,
    {
      hint: `run lxc-net start, or set lxc.net.${network.index}.ipv4.address`,
    },
  );
}

/** Throws when one of `networks` asks for an address that it cannot have. */
export function refuseTakenLeases(container: Container, networks: readonly PlannedNetwork[]): void {
  for (const network of networks) {
    const lease = network.veth?.lease ?? new Uint8Array(0);
    if (lease.length === 0) continue;
    if (!isServed(network.link)) throw noServer(network);
    refuseTakenLease(network.link, namedContainer(container, network, lease));
  }
}

/** Tells the name server; what it was told before of this network is replaced. */
export function tellName(bridge: string, named: NamedContainer): void {
  if (!isWorthTelling(named)) return;
  const folder = hostsFolderOf(bridge);
  const file = hostFileOf(named.container, named.index);
  const path = joinPath(folder, file);
  const fresh = joinPath(folder, `.${file}`);
  const isLeft = exists(path);
  removeFile(fresh);
  createText(fresh, hostFileText(named), 0o644);
  const result = tryCall(SYS.renameat2, AT_FDCWD, fresh, AT_FDCWD, path, 0);
  if (result < 0) throw refused(`tell the name server of ${named.container.name}`, "renameat2", result);
  // A new file it finds by itself (inotify); an old one's lines it keeps until it is told to read all anew.
  if (isLeft) wakeServer(bridge);
}

/** Takes that back. What is gone already is no failure. */
export function forgetName(bridge: string, container: Container, index: number): void {
  if (removeFile(joinPath(hostsFolderOf(bridge), hostFileOf(container, index)))) wakeServer(bridge);
}

/** The same for all that a monitor which was killed has left of `container`. */
export function forgetLeftNames(container: Container): void {
  const own = `${markOf(container)}-`;
  for (const bridge of exists(NET_FOLDER) ? listDirectory(NET_FOLDER) : []) {
    const folder = hostsFolderOf(bridge);
    const files = isServed(bridge) ? listDirectory(folder).filter((file): boolean => file.startsWith(own)) : [];
    for (const file of files) removeFile(joinPath(folder, file));
    if (files.length > 0) wakeServer(bridge);
  }
}

/** Throws when somebody else has the address that `named` asks for. Files of containers that run no more are removed. */
export function refuseTakenLease(bridge: string, named: NamedContainer): void {
  const { lease, index } = named;
  if (lease.length === 0) return;
  const folder = hostsFolderOf(bridge);
  const own = hostFileOf(named.container, index);
  for (const file of listDirectory(folder)) {
    if (file === own || file.startsWith(".")) continue;
    const other = hostFileIn(tryReadText(joinPath(folder, file)) ?? "");
    if (other === undefined || !isSameAddress(other.lease, lease)) continue;
    const { container } = other;
    if (isAlive(container)) throw leaseTaken(index, lease, `the container ${container.lxcpath}/${container.name}`);
    if (removeFile(joinPath(folder, file))) wakeServer(bridge);
  }
  const leases = tryReadText(LEASES.split("*").join(bridge)) ?? "";
  const holder = leaseholderIn(leases, lease, Math.floor(Date.now() / 1000));
  if (holder === "" || holder === hardwareText(named.hwaddr)) return;
  throw leaseTaken(index, lease, `by its DHCP server ${holder}`);
}

function isAlive(container: Container): boolean {
  return (tryReadText("/proc/net/unix") ?? "").includes(` @${commandSocketOf(container)}\n`);
}

/** Only the process that its own words show to serve this folder. */
function wakeServer(bridge: string): void {
  const pid = wholeNumberIn((tryReadText(PID_FILE) ?? "").trim());
  const process = pid === undefined || pid < 2 ? -1 : tryOpenProcess(pid);
  if (process < 0) return;
  const words = (tryReadText(`/proc/${pid}/cmdline`) ?? "").split("\0");
  const folder = hostsFolderOf(bridge);
  if (words.includes(`--dhcp-hostsdir=${folder}`) || words.includes(folder)) sendSignal(process, SIGHUP);
  closeFd(process);
}
