// The cgroup files of a running container, read and written by name, in the words of either version. Runs in lxc-cgroup and lxc-device.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { Container } from "../container/container.ts";
import { ruleText } from "../isolation/cgroup/devices.ts";
import { type AskPath, folderOfItem, tryReadItem } from "../isolation/cgroup/items.ts";
import { type CgroupLayout, hierarchyOf, readLayout } from "../isolation/cgroup/layout.ts";
import { controllerOf } from "../isolation/cgroup/limit.ts";
import { deviceRulesOf } from "../isolation/cgroup/limits.ts";
import { contentOf, versionWith, writesFor } from "../isolation/cgroup/other-words.ts";
import { EBUSY, ECONNREFUSED, EINVAL, ENOENT, ERANGE, errnoText } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { tryWriteAt } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import { addDevicesOf, cgroupPathOf, limitCgroupPathOf } from "./command-client.ts";

/** A value, and the files of the other version it is from; none when it is the file that was named. */
export interface CgroupItem {
  readonly value: string;
  readonly files: readonly string[];
}

/** Asks where the container's limits are; a monitor of LXC 4 knows only where the container is. */
export function limitsAsker(container: Container): AskPath {
  return (controller) => limitCgroupPathOf(container, controller) ?? cgroupPathOf(container, controller);
}

/** The content of the cgroup file `key`, such as `memory.max`. Throws when there is none, nor an exact translation. */
export function readCgroupItem(container: Container, key: string): CgroupItem {
  const doing = `read ${key} of ${container.name}`;
  const layout = readLayout(effectiveUser() !== 0);
  const ask = limitsAsker(container);
  const text = tryReadItem(layout, ask, key);
  if (text !== undefined) return { value: text, files: [] };
  const version = versionWith(key);
  if (version === 0) throw noFile(layout, ask, key, doing);
  const content = contentOf(version, key, (file) => tryReadItem(layout, ask, file));
  if (content.why !== "") throw untranslatable(doing, version, content.why);
  return { value: content.text, files: content.files };
}

/** Writes the cgroup file `key`. Returns the files of the other version that were written in its place, if any. */
export function writeCgroupItem(container: Container, key: string, value: string): string[] {
  const layout = readLayout(effectiveUser() !== 0);
  const ask = limitsAsker(container);
  const doing = `write "${value}" to ${key} of ${container.name}`;
  if (key === "devices.allow" || key === "devices.deny") {
    changeDevices(container, layout, key, value);
    return [];
  }
  const direct = tryWrite(layout, ask, key, value);
  if (direct >= 0) return [];
  const version = direct === -ENOENT ? versionWith(key) : 0;
  if (version === 0) throw direct === -ENOENT ? noFile(layout, ask, key, doing) : refusedWrite(doing, key, direct);
  const writes = writesFor(version, key, value, (file) => tryReadItem(layout, ask, file));
  if (writes.why !== "") throw untranslatable(doing, version, writes.why);
  for (const each of writes.files) {
    const result = tryWrite(layout, ask, each.file, each.value);
    if (result < 0) throw refusedWrite(`${doing}, which is ${each.file} = ${each.value} here`, each.file, result);
  }
  return writes.files.map((each): string => each.file);
}

/** -ENOENT also when the container has no cgroup there. */
function tryWrite(layout: CgroupLayout, ask: AskPath, file: string, value: string): number {
  const folder = folderOfItem(layout, ask, file);
  return folder === undefined ? -ENOENT : tryWriteAt(AT_FDCWD, joinPath(`${folder}`, `${file}`), `${value}`);
}

/** One rule behind those in force: by the file of version 1, or by the monitor, which has the program. */
function changeDevices(container: Container, layout: CgroupLayout, key: string, value: string): void {
  const rules = deviceRulesOf([{ label: key, version: 1, file: key, value }]);
  const rule = rules[0];
  const doing = `write "${value}" to ${key} of ${container.name}`;
  if (rule === undefined) throw new LxcError("bug", doing, "it came to no rule");
  const isByFile = hierarchyOf(layout, "devices")?.version === 1;
  const result = isByFile
    ? tryWrite(layout, limitsAsker(container), key, ruleText(rule))
    : addDevicesOf(container, rules);
  if (result >= 0) return;
  if (isByFile) throw refusedWrite(doing, key, result);
  const reason = result === -ECONNREFUSED ? "it has just stopped" : `its monitor says: ${errnoText(-result)}`;
  throw new LxcError("syscall-failed", doing, reason, { errno: -result });
}

function noFile(layout: CgroupLayout, ask: AskPath, key: string, doing: string): LxcError {
  const folder = folderOfItem(layout, ask, key);
  const isProgram = key === "devices.list" && hierarchyOf(layout, "devices")?.version !== 1;
  if (isProgram) return new LxcError("unsupported", doing, "version 2 keeps devices by a program, which has no list");
  if (folder === undefined) {
    const reason = `it has no cgroup with the controller ${controllerOf(key)}`;
    return new LxcError("not-found", doing, reason, { hint: "see cat /proc/cgroups and /sys/fs/cgroup" });
  }
  return new LxcError("not-found", doing, "there is no such file", { errno: ENOENT, hint: `see ls ${folder}` });
}

function untranslatable(doing: string, version: number, why: string): LxcError {
  const reason = `it is a file of cgroup version ${version}, which this host has in version ${3 - version}, and ${why}`;
  return new LxcError("unsupported", doing, reason);
}

function refusedWrite(doing: string, file: string, result: number): LxcError {
  const errno = -result;
  let hint = "";
  if (errno === EINVAL || errno === ERANGE)
    hint = `the kernel does not take this value; see what it has: lxc-cgroup NAME ${file}`;
  else if (errno === EBUSY) hint = "more is in use already than the limit allows, or another limit must change first";
  return new LxcError("syscall-failed", doing, `write: ${errnoText(errno)}`, { errno, hint });
}
