// Which limits go where on this host. Pure.

import { LxcError } from "../../base/errors.ts";
import { blankSeparated } from "../../base/text.ts";
import { howToGet } from "./availability.ts";
import { counterpartOf } from "./counterparts.ts";
import { type CgroupLayout, type Hierarchy, hierarchyOf, unifiedOf } from "./layout.ts";
import { type CgroupLimit, controllerOf, family, legacyName } from "./limit.ts";
import { counterpartHint, translated } from "./translate.ts";

export type { CgroupLimit } from "./limit.ts";

export interface LimitPlan {
  readonly limits: readonly CgroupLimit[];
  /** The rules that count here: those of the host's own version when there are any. */
  readonly devices: readonly CgroupLimit[];
  /** Whether device rules go into files of version 1, rather than into a program. */
  readonly devicesByFile: boolean;
  /** Sentences about limits that have no effect here, for a warning each. */
  readonly setAside: readonly string[];
  /** Sentences about limits that are applied in the words of the other version, for the log. */
  readonly translations: readonly string[];
}

/**
 * Sorts `limits` for the host. A limit of the other version is set aside when the configuration has one of this version
 * for the same controller, for then it is written for both; alone it is translated where that is exact, and else
 * refused, since the reader counts on it. Where there are no cgroups at all everything is set aside, and the container
 * starts. Limits to be read back are promises instead: they are translated whatever else there is, never set aside but
 * for the same file in the reader's own words, and refused where there is nothing to apply them to.
 */
export function planLimits(layout: CgroupLayout, limits: readonly CgroupLimit[]): LimitPlan {
  const placed: CgroupLimit[] = [];
  const devices: CgroupLimit[] = [];
  const setAside: string[] = [];
  const translations: string[] = [];
  for (const limit of limits) {
    if (limit.file.includes("/")) throw refusedLimit(limit, "that is no file of a cgroup", "");
    if (controllerOf(limit.file) === "devices") devices.push(limit);
    else if (layout.kind === "none") setAside.push(withoutCgroups(limit));
    else if (isUsable(layout, limit)) placed.push(available(layout, limit));
    else {
      const other = writtenForBoth(layout, limit, limits);
      if (other !== undefined) setAside.push(`${limit.label} has no effect here, ${other.label} does`);
      else translations.push(placeTranslation(layout, limit, limits, placed));
    }
  }
  const devicesByFile = bound(layout, "devices") !== undefined;
  const own = devices.filter((limit): boolean => limit.version === (devicesByFile ? 1 : 2));
  if (layout.kind === "none" && devices.length > 0) setAside.push("device rules have no effect: no cgroups are here");
  return {
    limits: inOrder(placed, setAside),
    devices: layout.kind === "none" ? [] : own.length > 0 ? own : devices,
    devicesByFile,
    setAside,
    translations,
  };
}

function withoutCgroups(limit: CgroupLimit): string {
  const reason = "no cgroups are mounted here";
  const hint = "mount them: mount -t cgroup2 cgroup2 /sys/fs/cgroup";
  if (limit.readBack !== true) return `${limit.label} has no effect: ${reason}; ${hint}`;
  throw refusedLimit(limit, reason, hint);
}

/** Whether the host's version of its controller is the one that `limit` is written for. */
function isUsable(layout: CgroupLayout, limit: CgroupLimit): boolean {
  const controller = controllerOf(limit.file);
  if (limit.version === 1) return bound(layout, controller) !== undefined;
  return unifiedOf(layout) !== undefined && bound(layout, legacyName(controller)) === undefined;
}

/** The version 1 hierarchy of `controller`. */
function bound(layout: CgroupLayout, controller: string): Hierarchy | undefined {
  const found = hierarchyOf(layout, `${controller}`);
  return found === undefined || found.version === 2 ? undefined : found;
}

/** The limit itself. A promise is refused already here when its controller is known to be missing. */
function available(layout: CgroupLayout, limit: CgroupLimit): CgroupLimit {
  const isMissing = layout.kind === "unified" && hierarchyOf(layout, `${controllerOf(limit.file)}`) === undefined;
  if (isMissing && limit.readBack === true) throw missing(layout, limit, controllerOf(limit.file));
  return limit;
}

/** The limit for the host's version that says what to do here instead. */
function writtenForBoth(
  layout: CgroupLayout,
  limit: CgroupLimit,
  all: readonly CgroupLimit[],
): CgroupLimit | undefined {
  if (limit.readBack === true) return undefined;
  return all.find(
    (other) =>
      other.version !== limit.version &&
      other.readBack !== true &&
      family(other.file) === family(limit.file) &&
      isUsable(layout, other),
  );
}

/** Adds `limit` in the words of the other version to `placed`, unless that is there. Returns the sentence about it. */
function placeTranslation(
  layout: CgroupLayout,
  limit: CgroupLimit,
  all: readonly CgroupLimit[],
  placed: CgroupLimit[],
): string {
  const translation = translated(limit, all);
  if (translation.why !== "") {
    const because = `${whyNot(layout, limit)}, and ${translation.why}`;
    throw refusedLimit(limit, because, hintFor(limit));
  }
  const readBack = limit.readBack === true;
  const version = 3 - limit.version;
  for (const { file, value } of translation.files) {
    const made: CgroupLimit = { label: limit.label, version, file, value, readBack };
    if (!isUsable(layout, made)) throw missing(layout, limit, controllerOf(file));
    if (!placed.some((other) => isSame(other, made))) placed.push(available(layout, made));
  }
  const words = translation.files.map(({ file, value }) => `${file} = ${value}`);
  return `${limit.label} = ${limit.value} is applied as ${words.join(" and ")}`;
}

/** A promise is in no file's words, so the same file of the other version is no help. */
function hintFor(limit: CgroupLimit): string {
  const isExact = counterpartOf(limit.version, limit.file)?.meaning !== "nearest";
  return limit.readBack === true && isExact
    ? `set what is missing, or leave ${limit.label} out`
    : counterpartHint(limit);
}

function isSame(a: CgroupLimit, b: CgroupLimit): boolean {
  return a.version === b.version && a.file === b.file && a.value === b.value && a.readBack === b.readBack;
}

/**
 * Promises first, without those that the reader's own words for the same file would overwrite. The limit for memory and
 * swap comes last: the kernel wants it to be the higher one all the time (as in LXC).
 */
function inOrder(placed: readonly CgroupLimit[], setAside: string[]): CgroupLimit[] {
  const promises: CgroupLimit[] = [];
  const own = placed.filter((limit): boolean => limit.readBack !== true);
  for (const limit of placed) {
    if (limit.readBack !== true) continue;
    const stronger = own.find((other) => overwrites(other, limit));
    if (stronger === undefined) promises.push(limit);
    else setAside.push(`${limit.label} has no effect, ${stronger.label} says another thing about ${limit.file}`);
  }
  const all = promises.concat(own);
  const isLast = (limit: CgroupLimit): boolean => limit.file === "memory.memsw.limit_in_bytes";
  return all.filter((limit): boolean => !isLast(limit)).concat(all.filter((limit): boolean => isLast(limit)));
}

/** Whether writing `limit` takes back what `promise` has written. */
function overwrites(limit: CgroupLimit, promise: CgroupLimit): boolean {
  if (limit.version !== promise.version || limit.file !== promise.file) return false;
  if (limit.file !== "io.max" && !limit.file.startsWith("blkio.throttle.")) return true;
  // These keep a line for each disk, and in it a word for each kind of limit.
  const words = blankSeparated(limit.value);
  const promised = blankSeparated(promise.value);
  if (words[0] !== promised[0]) return false;
  const names = promised.slice(1).map((word) => nameIn(word));
  return limit.file !== "io.max" || words.slice(1).some((word) => names.includes(nameIn(word)));
}

/** `rbps` of `rbps=1`. */
function nameIn(word: string): string {
  return word.slice(0, Math.max(word.indexOf("="), 0));
}

function whyNot(layout: CgroupLayout, limit: CgroupLimit): string {
  const controller = controllerOf(limit.file);
  const legacy = limit.version === 1 ? controller : legacyName(controller);
  const where = bound(layout, legacy);
  if (where !== undefined) return `${legacy} is bound to cgroup version 1 here, at ${where.mountPoint}`;
  if (limit.version === 1 && layout.kind === "unified") return "this host has cgroup version 2 only";
  return limit.version === 2 ? "no cgroup version 2 is mounted here" : `no ${controller} controller is mounted here`;
}

function missing(layout: CgroupLayout, limit: CgroupLimit, controller: string): LxcError {
  return refusedLimit(limit, `the controller ${controller} is not available here`, howToGet(layout, controller));
}

function refusedLimit(limit: CgroupLimit, reason: string, hint: string): LxcError {
  return new LxcError("unsupported", `apply ${limit.label} = ${limit.value}`, reason, { hint });
}
