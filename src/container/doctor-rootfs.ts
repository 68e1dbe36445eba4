// Whether a container's root may use the root file system, and come to it. Pure.

import { below } from "../base/path.ts";
import { lowerCase } from "../base/text.ts";
import { type IdMapping, insideOf, mappedUser } from "../isolation/id-maps.ts";
import { mountIn } from "../kernel/mount-table.ts";
import type { Config } from "./config/schema.ts";
import { type DoctorCheck, fine, found } from "./doctor-checks.ts";
import { versionOf } from "./host-check-kernel.ts";
import { byHand, type HostFacts } from "./host-facts.ts";

/** A folder on the way to the root file system. */
export interface FolderFacts {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whether it has rights beyond its mode, which may let others in (acl(5)). */
  readonly hasAcl: boolean;
}

export interface RootfsFacts {
  /** "" for the host's own. */
  readonly path: string;
  readonly isThere: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Each folder above it, from the root on. */
  readonly folders: readonly FolderFacts[];
}

const OTHERS_MAY_PASS = 0o001;

export function checkRootfs(host: HostFacts, config: Config, rootfs: RootfsFacts): DoctorCheck[] {
  if (rootfs.path === "") return [];
  const what = `Root file system ${rootfs.path}`;
  if (!rootfs.isThere) {
    const fix = byHand("correct lxc.rootfs.path, or create the container anew");
    return [found("rootfs", "stops", what, "there is no such folder", fix)];
  }
  const checks = [fine("rootfs", what, "")];
  const maps = config.idmap.values;
  const isShifted = (config.rootfsOptions.value ?? "").split(",").some((word) => word.startsWith("idmap="));
  if (isShifted) checks.push(checkShift(host, rootfs.path));
  if (maps.length > 0 && !isShifted) checks.push(checkOwner(what, maps, rootfs));
  if (maps.length > 0) checks.push(checkWay(maps, rootfs));
  return checks;
}

/** What belongs to nobody inside cannot be changed there. */
function checkOwner(what: string, maps: readonly IdMapping[], rootfs: RootfsFacts): DoctorCheck {
  const item = `Owner of ${lowerCase(what.slice(0, 1))}${what.slice(1)}`;
  const uid = insideOf(maps, "u", rootfs.uid);
  const gid = insideOf(maps, "g", rootfs.gid);
  if (uid >= 0 && gid >= 0) return fine("rootfs-owner", item, `${rootfs.uid}:${rootfs.gid}`);
  const lost = uid < 0 ? `user ${rootfs.uid}` : `group ${rootfs.gid}`;
  const detail = `${lost} is nobody inside, so that its files cannot be changed there`;
  const fix = "set lxc.rootfs.options = idmap=container, or have root change the owners of all files in it";
  return found("rootfs-owner", "limits", item, detail, byHand(fix));
}

/** Ours opens the root file system before it becomes anybody else; LXC's own tools do not. */
function checkWay(maps: readonly IdMapping[], rootfs: RootfsFacts): DoctorCheck {
  const what = "Way to the root file system";
  const { outsideUid, outsideGid } = mappedUser(maps, 0, 0);
  const closed = rootfs.folders.filter((folder) => !mayPass(folder, outsideUid, outsideGid));
  if (closed.length === 0) return fine("rootfs-way", what, "");
  const paths = closed.map((folder) => folder.path);
  const detail = `the container's root may not pass through ${paths.join(" and ")}: lxc-ts does without, LXC's own tools do not`;
  const open = paths.map((path) => `setfacl -m u:${outsideUid}:x ${path}`).join(" && ");
  return found("rootfs-way", "advice", what, detail, byHand(`${open}; or chmod o+x for everybody`));
}

function mayPass(folder: FolderFacts, uid: number, gid: number): boolean {
  if (folder.hasAcl) return true;
  const shift = folder.uid === uid ? 6 : folder.gid === gid ? 3 : 0;
  return ((folder.mode >> shift) & OTHERS_MAY_PASS) !== 0;
}

/** The first kernel where mounts of a file system can have mapped owners (mount_setattr(2), and its history). */
function firstWithShift(type: string): string {
  switch (type) {
    case "ext4":
    case "xfs":
    case "vfat":
      return "5.12";
    case "btrfs":
    case "ntfs3":
      return "5.15";
    case "f2fs":
      return "5.18";
    case "erofs":
    case "overlay":
      return "5.19";
    case "squashfs":
      return "6.2";
    case "tmpfs":
      return "6.3";
    case "ceph":
      return "6.7";
    default:
      return "";
  }
}

/** Only said where it is known: others, such as zfs, have it by themselves. */
function checkShift(host: HostFacts, path: string): DoctorCheck {
  const what = "Mapped owners of the root file system";
  const type = fileSystemOf(host, path);
  const first = firstWithShift(type);
  if (first === "") return found("rootfs-shift", "unknown", what, type, byHand(""));
  const [wantedMajor = 0, wantedMinor = 0] = versionOf(first);
  const [major = 0, minor = 0] = versionOf(host.release);
  const isNew = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (isNew) return fine("rootfs-shift", what, type);
  const detail = `${type} cannot have them before Linux ${first}, and this is ${host.release}`;
  return found(
    "rootfs-shift",
    "stops",
    what,
    detail,
    byHand(`boot Linux ${first} or newer, or use another file system`),
  );
}

/** The type of the file system that a path is on. */
export function fileSystemOf(host: HostFacts, path: string): string {
  let type = "";
  let longest = -1;
  for (const line of host.lines("/proc/self/mountinfo")) {
    const mount = mountIn(line);
    if (mount === undefined || below(mount.mountPoint, path) === undefined) continue;
    if (mount.mountPoint.length < longest) continue;
    longest = mount.mountPoint.length;
    type = mount.type;
  }
  return type;
}
