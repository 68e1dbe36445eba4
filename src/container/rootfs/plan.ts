// From a configuration to the ordered steps that build its file system. Pure.

import { LxcError } from "../../base/errors.ts";
import { below, normalPath } from "../../base/path.ts";
import { type CgroupMountStep, cgroupMountSteps } from "../../isolation/cgroup/automount.ts";
import type { CgroupLayout } from "../../isolation/cgroup/layout.ts";
import { hasNamespace } from "../../isolation/namespaces.ts";
import {
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
} from "../../kernel/abi/mount.ts";
import type { AutoMount, MountShare } from "../config/rootfs-codecs.ts";
import type { Config } from "../config/schema.ts";
import { deviceLinkSteps, deviceSteps, devSteps, procSteps, ptsSteps, sysSteps } from "./automounts.ts";
import { isOverlay } from "./layers.ts";
import type { MountEntry } from "./mount-entry.ts";
import { CONTAINER } from "./mount-helper.ts";
import { splitOptions } from "./mount-options.ts";
import { nestingSteps } from "./nesting.ts";
import type { EntryStep, MountStep } from "./steps.ts";

/** What LXC gives /dev when lxc.autodev.tmpfs.size does not say. */
const DEV_SIZE_BYTES = 500000;

/** As in LXC: each life of a container is a boot of its own. */
const BOOT_ID: MountStep = { kind: "boot-id", file: "dev/.lxc-boot-id", over: "proc/sys/kernel/random/boot_id" };

/** The steps, in the order the first process takes them. */
export interface RootfsPlan {
  /** First. */
  readonly mounts: readonly MountStep[];
  /** Once the process is in its cgroups; before the mount hooks. */
  readonly cgroups: readonly MountStep[];
  /** After the autodev hooks. */
  readonly devices: readonly MountStep[];
  /** Once the root is entered, and its mounts are shared with those made in it. */
  readonly inside: readonly MountStep[];
  /** One sentence for each entry that is left out, as LXC leaves it out. */
  readonly warnings: readonly string[];
}

/** What the plan needs to know beside the configuration. */
export interface RootfsFacts {
  /** Paths that mean the container's root in an entry's target: where it is, where it gets mounted, LXCPATH/NAME/rootfs. */
  readonly rootNames: readonly string[];
  /** LXCPATH/NAME, where the folders of overlay entries are made. */
  readonly folder: string;
  /** The entries of the file lxc.mount.fstab names. */
  readonly fstab: readonly MountEntry[];
  /** CLONE_NEW* of the namespaces of its own. */
  readonly own: number;
  /** Whether its users include the group `TTY_GROUP`. */
  readonly hasTtyGroup: boolean;
  /** Its cgroup below the base of each hierarchy. */
  readonly payload: string;
  readonly mayAdministerNetwork: boolean;
  readonly keepsSysAdmin: boolean;
  readonly cgroups: CgroupLayout;
}

export function planRootfs(config: Config, facts: RootfsFacts): RootfsPlan {
  const warnings: string[] = [];
  const mounts: MountStep[] = [];
  const devices: MountStep[] = [];
  const cgroups: MountStep[] = [];
  const inside: MountStep[] = [];
  // In a mount namespace that is also somebody else's nothing is mounted.
  if (!hasNamespace(facts.own, "mnt")) return { mounts, cgroups, devices, inside, warnings };
  if (config.autodev.value) mounts.push(...devSteps(sizeOf(config.autodevTmpfsSize.value)));
  for (const auto of config.mountAuto.values) mounts.push(...autoSteps(auto, facts));
  for (const entry of facts.fstab) addEntry(mounts, warnings, entry, facts);
  for (const entry of config.mountEntry.values) addEntry(mounts, warnings, entry, facts);
  mounts.push(...nestingSteps(config.apparmorAllowNesting.value));
  for (const share of config.mountShare.values) mounts.push(shareStep(share, hasNamespace(facts.own, "user")));
  for (const auto of config.mountAuto.values) {
    if (auto.what === "shmounts") addTunnel(mounts, inside, auto);
  }
  if (config.autodev.value) devices.push(...deviceSteps());
  const terminals = config.ptyMax.value + config.ttyMax.value;
  if (terminals > 0) devices.push(...ptsSteps(terminals, facts.hasTtyGroup));
  devices.push(...deviceLinkSteps());
  if (config.autodev.value) devices.push(BOOT_ID);
  return { mounts, cgroups: planCgroupMounts(config, facts), devices, inside, warnings };
}

/** Without a cgroup namespace they depend on where the container's cgroups are, `facts.payload`. */
export function planCgroupMounts(config: Config, facts: RootfsFacts): MountStep[] {
  const cgroups: MountStep[] = [];
  for (const auto of config.mountAuto.values) cgroups.push(...cgroupSteps(auto, facts));
  return cgroups;
}

function sizeOf(bytes: number): number {
  return bytes === 0 ? DEV_SIZE_BYTES : bytes;
}

function autoSteps(auto: AutoMount, facts: RootfsFacts): MountStep[] {
  if (auto.what === "proc") return procSteps(modeOf(auto), facts.mayAdministerNetwork);
  if (auto.what === "sys") return maySeeDevices(facts) ? sysSteps(modeOf(auto)) : [hostSys(modeOf(auto) !== "rw")];
  return [];
}

/** The kernel mounts sysfs only for who owns the network namespace it shows (sysfs(5)). */
function maySeeDevices(facts: RootfsFacts): boolean {
  return hasNamespace(facts.own, "net") || !hasNamespace(facts.own, "user");
}

/** That of the host, with all that is mounted below: in a user namespace none of it can be had without the rest. */
function hostSys(isReadOnly: boolean): MountStep {
  const step = bind("/sys", "sys", isReadOnly);
  return { ...step, flags: step.flags | MS_REC };
}

/** Cgroups come after the entries: what they are mounted on may be one of those, as in LXC. */
function cgroupSteps(auto: AutoMount, facts: RootfsFacts): MountStep[] {
  const kind = auto.what;
  if (kind !== "cgroup" && kind !== "cgroup-full" && kind !== "cgroup2") return [];
  const view = { kind, access: auto.mode, force: auto.force };
  const found = cgroupMountSteps(facts.cgroups, view, {
    ownNamespace: hasNamespace(facts.own, "cgroup"),
    keepsSysAdmin: facts.keepsSysAdmin,
    payload: facts.payload,
  });
  return found.map((step) => cgroupStep(step));
}

function cgroupStep(step: CgroupMountStep): MountStep {
  switch (step.step) {
    case "tmpfs":
      return fileSystem("tmpfs", step.to, 0, step.options);
    case "folders":
      return { kind: "directory", at: step.to, mode: 0o755 };
    case "file-system":
      return fileSystem(step.type, step.to, step.readOnly ? MOUNT_ATTR_RDONLY : 0, step.options);
    case "bind":
      return step.from === "" ? readOnly(step.to) : bind(step.from, step.to, step.readOnly);
  }
}

function fileSystem(type: string, to: string, flags: number, options: readonly string[]): MountStep {
  const attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | flags;
  return { kind: "file-system", type, source: type, to, attributes, options };
}

function readOnly(at: string): MountStep {
  const keep: readonly string[] = [];
  return { kind: "read-only", at, keep, whole: false };
}

function bind(source: string, to: string, isReadOnly: boolean): EntryStep {
  const flags = MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC | (isReadOnly ? MS_RDONLY : 0);
  return {
    kind: "entry",
    source,
    sourceInside: false,
    to,
    type: "none",
    flags,
    propagation: 0,
    data: "",
    create: "dir",
    optional: false,
    idmap: "",
    isShare: false,
  };
}

/**
 * Every user has his own number on both sides. Root inside is the host's there, so that nothing the host executes may
 * get more by it: nosuid and nodev keep programs inside from what is put there by the host (CVE-2025-64507).
 */
function shareStep(share: MountShare, isMapped: boolean): EntryStep {
  const step = bind(share.source, targetOf(share.target, ["/"]) ?? "", share.readOnly);
  const flags = (step.flags | MS_REC) & ~MS_NOEXEC;
  return { ...step, flags, idmap: isMapped ? CONTAINER : "", isShare: true };
}

/** As in LXC: what the host mounts below `hostPath` while the container runs appears in it, and nothing goes back. */
function addTunnel(mounts: MountStep[], inside: MountStep[], auto: AutoMount): void {
  const at = targetOf(auto.containerPath, ["/"]) ?? "";
  if (at === "") {
    throw new LxcError(
      "config-invalid",
      `do what shmounts:${auto.hostPath}:${auto.containerPath} says`,
      "that is the root itself",
      {
        hint: "give it a folder of the container, such as /dev/.lxc-mounts",
      },
    );
  }
  const step = bind(auto.hostPath, at, false);
  mounts.push({ ...step, flags: MS_BIND });
  inside.push({ kind: "dependent", at });
}

function modeOf(auto: AutoMount): "mixed" | "rw" | "ro" {
  return auto.mode === "" ? "mixed" : auto.mode;
}

function addEntry(steps: MountStep[], warnings: string[], entry: MountEntry, facts: RootfsFacts): void {
  const to = targetOf(entry.target, facts.rootNames);
  if (entry.idmap !== "" && !entry.options.includes("bind") && !entry.options.includes("rbind"))
    throw idmapNeedsBind(entry);
  if (to === undefined) {
    warnings.push(`the mount entry "${entry.line}" is ignored: its target is not in the container`);
    return;
  }
  if (isOverlay(entry.type)) steps.push(...layerSteps(entry, facts.folder));
  steps.push(entryStep(entry, to));
}

/** As in LXC: the folders for changes are made where they are below the container's own. */
function layerSteps(entry: MountEntry, folder: string): MountStep[] {
  const steps: MountStep[] = [];
  for (const option of entry.options) {
    if (!option.startsWith("upperdir=/") && !option.startsWith("workdir=/")) continue;
    const at = below(folder, normalPath(option.slice(option.indexOf("=") + 1))) ?? "";
    if (at !== "") steps.push({ kind: "layer", folder, at, optional: entry.optional });
  }
  return steps;
}

/** The kernel shifts the owners of a copy of a mount, not of a new file system. */
function idmapNeedsBind(entry: MountEntry): LxcError {
  return new LxcError("config-invalid", `do what the mount entry "${entry.line}" says`, "idmap= needs a bind mount", {
    hint: "add bind to its options, or take idmap= out",
  });
}

/**
 * Where below the root an entry's target is. Relative ones are below it; absolute ones must begin with one of its names,
 * and are left out otherwise, as in LXC. Throws for a target with `..`.
 */
export function targetOf(target: string, rootNames: readonly string[]): string | undefined {
  if (target.split("/").includes("..")) {
    throw new LxcError("config-invalid", `mount on ${target}`, "the path goes up", {
      hint: "write the target in lxc.mount.entry without ..",
    });
  }
  if (!target.startsWith("/")) return bare(target);
  for (const name of rootNames) {
    const rest = below(name, normalPath(target));
    if (rest !== undefined) return bare(rest);
  }
  return undefined;
}

function bare(path: string): string {
  const normal = normalPath(path);
  return normal === "." ? "" : normal;
}

function entryStep(entry: MountEntry, to: string): EntryStep {
  const options = splitOptions(entry.options);
  return {
    kind: "entry",
    source: entry.relative ? bare(`./${entry.source}`) : entry.source,
    sourceInside: entry.relative,
    to,
    type: entry.type,
    flags: options.flags,
    propagation: options.propagation,
    data: options.data,
    create: entry.create,
    optional: entry.optional,
    idmap: entry.idmap,
    isShare: false,
  };
}
