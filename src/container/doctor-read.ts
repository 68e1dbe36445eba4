// Reading what lxc-doctor tells of a container. Changes nothing.

import { asLxcError } from "../base/errors.ts";
import { parentOf } from "../base/path.ts";
import { type CgroupLayout, readLayout } from "../isolation/cgroup/layout.ts";
import type { CgroupLimit } from "../isolation/cgroup/limit.ts";
import { controllerOf } from "../isolation/cgroup/limit.ts";
import { planLimits } from "../isolation/cgroup/limit-plan.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { type BlockDevice, blockDeviceOf } from "../kernel/block-device.ts";
import { tryCall } from "../kernel/call.ts";
import type { Environment } from "../kernel/environment.ts";
import { isDirectory, listDirectory, tryStatusAt } from "../kernel/files.ts";
import { readConfigText } from "./config/config-file.ts";
import { ConfigDocument } from "./config/document.ts";
import { readConfig, readIncludes } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { limitsDisk, limitsOf } from "./config-limits.ts";
import type { ContainerFacts, LimitFacts } from "./doctor-container.ts";
import type { FolderFacts, RootfsFacts } from "./doctor-rootfs.ts";
import { DELEGATED, type HostFacts, wordsOf } from "./host-facts.ts";

/** What is to be looked at. */
export interface WantedContainer {
  readonly name: string;
  readonly configFile: string;
  /** The group of who is to start it. */
  readonly gid: number;
}

/** Reads a container whose user `host` is about. Throws when its configuration cannot be read. */
export function readContainer(host: HostFacts, wanted: WantedContainer, environment: Environment): ContainerFacts {
  const file = wanted.configFile;
  const read = readConfig(new ConfigDocument(readConfigText(file)), file, readIncludes, environment);
  const path = read.config.rootfsPath.value?.path ?? "";
  return {
    name: wanted.name,
    read,
    gid: wanted.gid,
    rootfs: readRootfs(path),
    links: isDirectory("/sys/class/net") ? listDirectory("/sys/class/net") : [],
    limits: limitsThatFail(host, read.config, path),
  };
}

function readRootfs(path: string): RootfsFacts {
  const status = path === "" ? undefined : tryStatusAt(AT_FDCWD, path);
  return {
    path,
    isThere: isDirectory(path),
    uid: status?.uid ?? 0,
    gid: status?.gid ?? 0,
    folders: foldersAbove(path),
  };
}

function foldersAbove(path: string): FolderFacts[] {
  const folders: FolderFacts[] = [];
  if (!path.startsWith("/")) return folders;
  let at = path;
  while (at !== "/" && at !== "") {
    at = parentOf(at);
    const status = tryStatusAt(AT_FDCWD, at);
    if (status === undefined) continue;
    const hasAcl = tryCall(SYS.getxattr, at, "system.posix_acl_access", new Uint8Array(0), 0) > 0;
    folders.push({ path: at, mode: status.mode, uid: status.uid, gid: status.gid, hasAcl });
  }
  return folders.toReversed();
}

/** What a start would say of the limits, before it. */
function limitsThatFail(host: HostFacts, config: Config, rootfs: string): LimitFacts[] {
  // Where the shell of somebody else is cannot be seen.
  if (host.isOtherUser && host.uid !== 0 && !host.hasUserManager) return [];
  const limits = limitsOf(config, limitsDisk(config) ? diskOf(rootfs) : undefined);
  const told: LimitFacts[] = [];
  try {
    const layout = readLayout(config.cgroupRelative.value || host.uid !== 0);
    for (const problem of planLimits(withDelegated(layout, host), limits).setAside) {
      told.push({ isRefused: false, problem, hint: "" });
    }
  } catch (caught) {
    const error = asLxcError(caught as Error);
    told.push({ isRefused: true, problem: `cannot ${error.doing}: ${error.reason}`, hint: error.hint });
  }
  return told.concat(undelegated(host, limits));
}

/** As it is in the cgroup that the user's service manager makes. */
function withDelegated(layout: CgroupLayout, host: HostFacts): CgroupLayout {
  if (host.hasOwnCgroup || !host.has(DELEGATED)) return layout;
  const hierarchies = layout.hierarchies.map((h) => {
    const controllers = h.version === 2 ? wordsOf(host.text(DELEGATED)) : h.controllers;
    return { version: h.version, mountPoint: h.mountPoint, controllers, base: h.base, underSystemd: h.underSystemd };
  });
  return { kind: layout.kind, hierarchies };
}

/** Without any cgroup of the user's own a start goes on, and nothing limits the container. */
function undelegated(host: HostFacts, limits: readonly CgroupLimit[]): LimitFacts[] {
  if (host.uid === 0 || host.hasOwnCgroup || host.hasUserManager) return [];
  const labels: string[] = [];
  for (const limit of limits) if (controllerOf(limit.file) !== "devices") labels.push(limit.label);
  if (labels.length === 0) return [];
  const problem = `${labels.join(", ")}: not in force, for ${host.userName} has no cgroup`;
  return [{ isRefused: false, problem, hint: "" }];
}

function diskOf(path: string): BlockDevice | undefined {
  return isDirectory(path === "" ? "/" : path) ? blockDeviceOf(path === "" ? "/" : path) : undefined;
}
