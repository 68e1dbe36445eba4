// Where cgroups are mounted on this host and below which cgroup ours go. Runs before a start, and in tools.

import { LxcError } from "../../base/errors.ts";
import { below, joinPath } from "../../base/path.ts";
import { readText, tryReadText } from "../../kernel/files.ts";
import { unescaped } from "../../kernel/mount-table.ts";

export type CgroupKind = "legacy" | "hybrid" | "unified" | "none";

/** One mounted tree of cgroups. */
export interface Hierarchy {
  /** 1, or 2 for the unified hierarchy. */
  readonly version: number;
  readonly mountPoint: string;
  /** Version 1: what is bound here, such as `cpu` and `name=systemd`. Version 2: what may be enabled below `base`. */
  readonly controllers: readonly string[];
  /** Where our cgroups go, below the mount point, without a slash at either end; empty for its top. */
  readonly base: string;
  /** Whether process 1 manages this tree as systemd does, from a scope of its own. */
  readonly underSystemd: boolean;
}

export interface CgroupLayout {
  readonly kind: CgroupKind;
  readonly hierarchies: readonly Hierarchy[];
}

interface Mounted {
  readonly version: number;
  readonly mountPoint: string;
  /** What of the hierarchy is mounted there. */
  readonly root: string;
  /** With a comma at both ends. */
  readonly options: string;
}

/** One line of /proc/PID/cgroup. */
export interface Membership {
  /** Empty for the unified hierarchy. */
  readonly controllers: readonly string[];
  /** The same as written, with a comma at both ends. */
  readonly listed: string;
  readonly path: string;
}

/** Between what a line of /proc/self/mountinfo says of a mount and what it says of its file system (proc_pid_mountinfo(5)). */
const SEPARATOR = " - ";
const TYPE_CGROUP = `${SEPARATOR}cgroup`;
/** Fields up to the mount point, with that. */
const MOUNT_FIELDS = 5;
const INIT_SCOPE = "/init.scope";

/** Where processes of ours go when they have to leave another cgroup, as LXC names it. */
export const PIVOT = "lxc.pivot";

/**
 * Reads where our cgroups go: below process 1's, as root in LXC, or below our own with `relative`
 * (lxc.cgroup.relative, and always for callers other than root).
 */
export function readLayout(relative: boolean): CgroupLayout {
  const cgroups = tryReadText(relative ? "/proc/self/cgroup" : "/proc/1/cgroup") ?? "";
  if (cgroups === "") return { kind: "none", hierarchies: [] };
  const layout = layoutFrom(readText("/proc/self/mountinfo"), cgroups, relative);
  return layout.kind === "unified" ? withControllers(layout) : layout;
}

function withControllers(layout: CgroupLayout): CgroupLayout {
  const hierarchies: Hierarchy[] = [];
  for (const h of layout.hierarchies) {
    const text = tryReadText(joinPath(joinPath(h.mountPoint, h.base), "cgroup.controllers")) ?? "";
    hierarchies.push({
      version: h.version,
      mountPoint: h.mountPoint,
      controllers: wordsOf(text),
      base: h.base,
      underSystemd: h.underSystemd,
    });
  }
  return { kind: layout.kind, hierarchies };
}

/** The layout that the texts of /proc/self/mountinfo and of /proc/PID/cgroup describe. */
export function layoutFrom(mountinfo: string, cgroups: string, relative: boolean): CgroupLayout {
  const mounts = mountedHierarchies(mountinfo);
  const members = membershipsIn(cgroups);
  const hierarchies: Hierarchy[] = [];
  let legacy = 0;
  for (let m = 0; m < members.length; m++) {
    const member = members[m]!;
    const isUnified = member.controllers.length === 0;
    const inScope = member.path.endsWith(INIT_SCOPE);
    const path = basePath(member.path, relative);
    const version = isUnified ? 2 : 1;
    for (let i = 0; i < mounts.length; i++) {
      const mounted = mounts[i]!;
      if (mounted.version !== version || !hasAll(mounted.options, member)) continue;
      const base = baseIn(mounted.root, path === "" ? "/" : path);
      if (base === undefined) continue;
      const { controllers } = member;
      hierarchies.push({ version, mountPoint: mounted.mountPoint, controllers, base, underSystemd: inScope });
      if (!isUnified) legacy++;
      break;
    }
  }
  return { kind: kindOf(hierarchies.length, legacy), hierarchies };
}

/** Neither a scope of init nor the leaf that we go to ourselves is a place to put others in. */
function basePath(path: string, relative: boolean): string {
  const leaf = relative ? `/${PIVOT}` : INIT_SCOPE;
  return path.endsWith(leaf) ? path.slice(0, -leaf.length) : path;
}

function kindOf(count: number, legacy: number): CgroupKind {
  if (count === 0) return "none";
  if (legacy === 0) return "unified";
  return legacy === count ? "legacy" : "hybrid";
}

function hasAll(options: string, member: Membership): boolean {
  // In the order of the kernel, which is the same in both, but that other options may be in front of a name.
  return options.includes(member.listed) || (member.controllers.length !== 1 && hasEach(options, member.controllers));
}

function hasEach(options: string, controllers: readonly string[]): boolean {
  return controllers.every((one): boolean => options.includes(`,${one},`));
}

/** Where `path` is below a mount of the hierarchy's folder `root`, if that reaches as far up. */
function baseIn(root: string, path: string): string | undefined {
  // Outside of our cgroup namespace or of what is mounted: nothing that we could name.
  if (!isPlain(path) || !isPlain(root)) return undefined;
  return below(`${root}`, `${path}`);
}

/** The cgroup mounts in the text of /proc/self/mountinfo. */
function mountedHierarchies(mountinfo: string): Mounted[] {
  const found: Mounted[] = [];
  const lines = mountinfo.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const at = line.indexOf(TYPE_CGROUP);
    const mounted = at < 0 ? undefined : mountedIn(line, line.slice(at + SEPARATOR.length));
    if (mounted !== undefined) found.push(mounted);
  }
  return found;
}

/** What a line says, of which `behind` is what follows the separator. */
function mountedIn(line: string, behind: string): Mounted | undefined {
  const version = behind.startsWith("cgroup2 ") ? 2 : 1;
  const fields = line.split(" ", MOUNT_FIELDS);
  if ((version === 1 && !behind.startsWith("cgroup ")) || fields.length < MOUNT_FIELDS) return undefined;
  const options = behind.slice(behind.lastIndexOf(" ") + 1);
  return { version, mountPoint: unescaped(fields[4]!), root: unescaped(fields[3]!), options: `,${options},` };
}

/** The lines of /proc/PID/cgroup. */
export function membershipsIn(cgroups: string): Membership[] {
  const found: Membership[] = [];
  const lines = cgroups.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    if (first < 0 || second < 0) continue;
    const listed = line.slice(first + 1, second);
    // A hierarchy of version 1 without controllers and without a name cannot be mounted again, and is of no use.
    if (listed === "" && line.slice(0, first) !== "0") continue;
    found.push({ controllers: namesIn(listed), listed: `,${listed},`, path: line.slice(second + 1) });
  }
  return found;
}

function namesIn(listed: string): string[] {
  if (listed === "") return [];
  return listed.includes(",") ? listed.split(",") : [listed];
}

/**
 * The layout without the version 1 hierarchies that lxc.cgroup.use, a list of controllers, does not name. Throws when it
 * names one that is not here (as in LXC).
 */
export function onlyUsed(layout: CgroupLayout, use: readonly string[]): CgroupLayout {
  if (use.length === 0) return layout;
  for (const controller of use) {
    if (hierarchyOf(layout, controller) !== undefined) continue;
    throw new LxcError("config-invalid", `use the cgroup controller ${controller}`, "it is not mounted here", {
      hint: "correct lxc.cgroup.use in lxc.conf; see cat /proc/self/cgroup",
    });
  }
  const hierarchies = layout.hierarchies.filter(
    (h): boolean => h.version === 2 || use.some((controller) => h.controllers.includes(controller)),
  );
  let legacy = 0;
  for (const h of hierarchies) legacy += h.version === 1 ? 1 : 0;
  return { kind: kindOf(hierarchies.length, legacy), hierarchies };
}

/** The hierarchy that the controller `name` is bound to: one of version 1 that has it, else the unified one if that may have it. */
export function hierarchyOf(layout: CgroupLayout, name: string): Hierarchy | undefined {
  // A text also in the compiled program, where the name may be one of several types.
  const controller = `${name}`;
  for (const h of layout.hierarchies) {
    if (h.version === 1 && h.controllers.includes(controller)) return h;
  }
  const unified = unifiedOf(layout);
  if (controller === "") return unified ?? layout.hierarchies[0];
  if (unified === undefined) return undefined;
  if (controller === "cgroup" || unified.controllers.includes(controller)) return unified;
  // These two have no controller of their own on version 2: a device program, and cgroup.freeze (as in LXC).
  return layout.kind === "unified" && (controller === "devices" || controller === "freezer") ? unified : undefined;
}

export function unifiedOf(layout: CgroupLayout): Hierarchy | undefined {
  for (const h of layout.hierarchies) {
    if (h.version === 2) return h;
  }
  return undefined;
}

/** Which of `memberships` is about the hierarchy `h`, as a path below its mount point; undefined when none is. */
export function pathIn(h: Hierarchy, memberships: readonly Membership[]): string | undefined {
  for (const member of memberships) {
    if (h.version === 2 ? member.controllers.length === 0 : sameWords(member.controllers, h.controllers)) {
      return isPlain(member.path) ? member.path.slice(1) : undefined;
    }
  }
  return undefined;
}

/** Whether a path of the kernel leads where it says: one from outside of our cgroup namespace begins with `/..`. */
function isPlain(path: string): boolean {
  return path.startsWith("/") && !path.includes("//") && !path.includes("/../") && !path.endsWith("/..");
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.join(",") === b.join(",");
}

/** The words of a line such as that of cgroup.controllers. */
export function wordsOf(line: string): string[] {
  const trimmed = line.trim();
  return trimmed === "" ? [] : trimmed.split(" ");
}
