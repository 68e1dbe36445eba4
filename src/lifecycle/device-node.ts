// A device of the host in a running container, or no more. Runs in lxc-device.
//
// What is in the container is the container's choice, and nothing of it is believed: the numbers of a device are the host's, and its place
// is reached by descriptors, without following a link (CVE-2015-1335, CVE-2025-31133).

import { LxcError } from "../base/errors.ts";
import { baseName, normalPath, parentOf } from "../base/path.ts";
import type { Container } from "../container/container.ts";
import { ruleText } from "../isolation/cgroup/devices.ts";
import { type IdMapping, mappingsIn, outsideOf } from "../isolation/id-maps.ts";
import { BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE } from "../kernel/abi/bpf.ts";
import { EBUSY, EISDIR, ENOENT } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_DIRECTORY, O_PATH, S_IFBLK, S_IFCHR, S_IFDIR, S_IFMT } from "../kernel/abi/fs.ts";
import { CLONE_NEWUSER } from "../kernel/abi/sched.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { refused, tryCall, tryNumbers, tryPath } from "../kernel/call.ts";
import { withFileOwner } from "../kernel/credentials.ts";
import { closeFd, type FileStatus, openAt, readTextAt, statusOf, tryOpenAt, tryStatusAt } from "../kernel/files.ts";
import { makeDirectoryBelow, makeFileBelow, openBelow, tryOpenBelow } from "../kernel/resolve.ts";
import { differingNamespaces, findTarget, type Target } from "./attach-target.ts";
import { writeCgroupItem } from "./cgroup-items.ts";
import { bindInside, unmountInside } from "./mount-inside.ts";

const FOLDER_MODE = 0o755;

/** A device node of the host, open as O_PATH. */
interface HostDevice {
  readonly fd: number;
  readonly status: FileStatus;
}

/** Where a node is, or is to be: the open folder, -1 when there is none, and the name in it. */
interface Spot {
  readonly folder: number;
  readonly name: string;
  readonly path: string;
}

/** Who is root inside, as the host has it. */
interface Inside {
  readonly target: Target;
  readonly root: number;
  /** Whether it has a user namespace of its own: in what is mounted there no device node can be opened. */
  readonly isMapped: boolean;
  readonly uid: number;
  readonly gid: number;
}

/** Lets the container use the host's device `source`, under `path` inside. Takes back what it made when that fails. */
export function addDeviceNode(container: Container, source: string, path: string): void {
  const device = openHostDevice(source);
  const inside = lookInside(container);
  try {
    withFileOwner(inside.uid, inside.gid, () => makePlace(inside, path));
    const spot = spotOf(inside, path);
    const isNew = putNode(inside, spot, device);
    try {
      writeCgroupItem(container, "devices.allow", ruleFor(device.status));
    } catch (caught) {
      if (isNew) removeNode(inside, spot);
      throw caught;
    }
  } finally {
    closeInside(inside);
    closeFd(device.fd);
  }
}

/**
 * Takes the device away again: its node, and the leave to use it. Which device that is says the host's `source`, or the
 * node itself when the host has none any more.
 */
export function removeDeviceNode(container: Container, source: string, path: string): void {
  const host = tryHostDevice(source);
  const inside = lookInside(container);
  try {
    const spot = spotOf(inside, path);
    const there = spot.folder < 0 ? undefined : tryStatusAt(spot.folder, spot.name);
    const device = host?.status ?? there;
    if (device === undefined || !isDevice(device))
      throw notADevice(source, "there is no such device, on the host or inside");
    if (there !== undefined && !isSameDevice(there, device)) throw anotherThing(spot.path);
    writeCgroupItem(container, "devices.deny", ruleFor(device));
    if (there !== undefined) removeNode(inside, spot);
  } finally {
    closeInside(inside);
    if (host !== undefined) closeFd(host.fd);
  }
}

function tryHostDevice(source: string): HostDevice | undefined {
  const fd = tryOpenAt(AT_FDCWD, `${source}`, O_PATH);
  if (fd < 0) return undefined;
  const status = statusOf(fd, source);
  if (isDevice(status)) return { fd, status };
  closeFd(fd);
  return undefined;
}

function openHostDevice(source: string): HostDevice {
  const found = tryHostDevice(source);
  if (found !== undefined) return found;
  const isThere = tryStatusAt(AT_FDCWD, source) !== undefined;
  throw notADevice(
    source,
    isThere ? "it is no device" : "the host has neither a network interface nor a device of this name",
  );
}

function isDevice(status: FileStatus): boolean {
  const kind = status.mode & S_IFMT;
  return kind === S_IFCHR || kind === S_IFBLK;
}

function isSameDevice(a: FileStatus, b: FileStatus): boolean {
  const isSameKind = (a.mode & S_IFMT) === (b.mode & S_IFMT);
  return isSameKind && a.rdevMajor === b.rdevMajor && a.rdevMinor === b.rdevMinor;
}

function notADevice(source: string, reason: string): LxcError {
  const hint = "name a network interface (see ip link), or a device such as /dev/fuse";
  return new LxcError("not-found", `use the device ${source}`, reason, { hint });
}

function anotherThing(path: string): LxcError {
  return new LxcError(
    "wrong-state",
    `remove ${path} in the container`,
    "something else is there, which is not this device",
    {
      hint: "look at it with lxc-attach, and remove it there",
    },
  );
}

/** As for lxc.cgroup.devices.allow. */
function ruleFor(status: FileStatus): string {
  const type = (status.mode & S_IFMT) === S_IFBLK ? "b" : "c";
  const access = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
  return ruleText({ allow: true, type, major: status.rdevMajor, minor: status.rdevMinor, access });
}

function lookInside(container: Container): Inside {
  const target = findTarget(container);
  const root = openAt(target.proc, "root", O_PATH | O_DIRECTORY);
  return {
    target,
    root,
    isMapped: (differingNamespaces(target) & CLONE_NEWUSER) !== 0,
    uid: rootOf(mappingsIn(readTextAt(target.proc, "uid_map"), "u"), "u"),
    gid: rootOf(mappingsIn(readTextAt(target.proc, "gid_map"), "g"), "g"),
  };
}

/** Whoever is 0 inside; where nobody is, ourselves. */
function rootOf(maps: readonly IdMapping[], kind: "u" | "g"): number {
  return Math.max(0, outsideOf(maps, kind, 0));
}

function closeInside(inside: Inside): void {
  closeFd(inside.root);
  closeFd(inside.target.proc);
  closeFd(inside.target.pidfd);
}

/** The parts of `path`, a path inside. */
function relative(path: string): string {
  return normalPath(`/${path}`).slice(1);
}

/** Makes the folders that `path` is in, as in LXC. */
function makePlace(inside: Inside, path: string): void {
  const above = parentOf(relative(path));
  if (above !== "" && above !== "." && above !== "/") {
    closeFd(makeDirectoryBelow(inside.root, above, FOLDER_MODE));
  }
}

function spotOf(inside: Inside, path: string): Spot {
  const whole = relative(path);
  const name = baseName(whole);
  if (name === "") throw notADevice(path, "it is the container's root folder");
  const above = whole.slice(0, Math.max(0, whole.length - name.length - 1));
  const folder = tryOpenBelow(inside.root, above, O_PATH | O_DIRECTORY);
  if (folder >= 0 || folder === -ENOENT) return { folder: Math.max(folder, -1), name, path: `/${whole}` };
  // Once more for its error, which names the link.
  return { folder: openBelow(inside.root, above, O_PATH | O_DIRECTORY), name, path: `/${whole}` };
}

/** Returns whether it was made: the same device may be there already. Another file makes way, as in LXC. */
function putNode(inside: Inside, spot: Spot, device: HostDevice): boolean {
  const there = tryStatusAt(spot.folder, spot.name);
  if (there !== undefined && isSameDevice(there, device.status)) return false;
  if (there !== undefined) removeOther(spot, there);
  if (inside.isMapped) bindNode(inside, spot, device);
  else makeNode(inside, spot, device.status);
  return true;
}

function removeOther(spot: Spot, there: FileStatus): void {
  const doing = `put a device in the place of ${spot.path} in the container`;
  if ((there.mode & S_IFMT) === S_IFDIR) throw refused(doing, "unlinkat", -EISDIR);
  const result = tryPath(SYS.unlinkat, spot.folder, spot.name, 0, 0);
  if (result < 0 && result !== -ENOENT) throw refused(doing, "unlinkat", result);
}

/** With the host's permissions, for the container's root. A name that appears meanwhile is not replaced: EEXIST. */
function makeNode(inside: Inside, spot: Spot, status: FileStatus): void {
  const number = Math.floor(status.rdevMinor / 256) * 2 ** 20 + status.rdevMajor * 256 + (status.rdevMinor % 256);
  const umask = tryNumbers(SYS.umask, 0, 0, 0);
  const made = tryPath(SYS.mknodat, spot.folder, spot.name, status.mode, number);
  tryNumbers(SYS.umask, umask, 0, 0);
  if (made < 0) throw refused(`make the device ${spot.path} in the container`, "mknodat", made);
  if (inside.uid === 0 && inside.gid === 0) return;
  const fd = openBelow(spot.folder, spot.name, O_PATH);
  const result = tryCall(SYS.fchownat, fd, "", inside.uid, inside.gid, 0x1000);
  closeFd(fd);
  if (result < 0) throw refused(`give ${spot.path} to the container's root`, "fchownat", result);
}

/** The host's own node, mounted on an empty file: the only one that can be opened there. */
function bindNode(inside: Inside, spot: Spot, device: HostDevice): void {
  let file = -1;
  withFileOwner(inside.uid, inside.gid, () => {
    file = makeFileBelow(spot.folder, spot.name, 0o666);
  });
  try {
    bindInside(inside.target.pidfd, device.fd, file);
  } catch (caught) {
    tryPath(SYS.unlinkat, spot.folder, spot.name, 0, 0);
    throw caught;
  } finally {
    closeFd(file);
  }
}

function removeNode(inside: Inside, spot: Spot): void {
  let result = tryPath(SYS.unlinkat, spot.folder, spot.name, 0, 0);
  if (result === -EBUSY && inside.isMapped) {
    unmountInside(inside.target.pidfd, spot.folder, spot.name);
    result = tryPath(SYS.unlinkat, spot.folder, spot.name, 0, 0);
  }
  if (result >= 0 || result === -ENOENT) return;
  if (result !== -EBUSY) throw refused(`remove ${spot.path} in the container`, "unlinkat", result);
  throw new LxcError("wrong-state", `remove ${spot.path} in the container`, "it is mounted there", {
    errno: EBUSY,
    hint: `its configuration has it; see lxc.mount.entry, or unmount it inside: umount ${spot.path}`,
  });
}
