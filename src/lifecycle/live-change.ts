// A changed key of a container that runs: what counts at once is done at once. Runs in tools.

import { LxcError } from "../base/errors.ts";
import { joinPath } from "../base/path.ts";
import type { Config } from "../container/config/schema.ts";
import { limitsDisk, limitsOf } from "../container/config-limits.ts";
import type { Container } from "../container/container.ts";
import { folderOfItem } from "../isolation/cgroup/items.ts";
import { type CgroupLayout, readLayout } from "../isolation/cgroup/layout.ts";
import type { CgroupLimit } from "../isolation/cgroup/limit.ts";
import { planLimits } from "../isolation/cgroup/limit-plan.ts";
import { madeOf } from "../isolation/cgroup/read-back.ts";
import { AT_FDCWD } from "../kernel/abi/fs.ts";
import { blockDeviceOf } from "../kernel/block-device.ts";
import { refused } from "../kernel/call.ts";
import { readText, tryWriteAt } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import { cgroupPathOf, limitCgroupPathOf } from "./command-client.ts";

/** Does what the key says for the running container. Returns sentences about what that does not change. */
export function applyToRunning(container: Container, config: Config, key: string): string[] {
  const setting = config.find(key, false);
  const later = [`${container.name} runs: ${key} counts from its next start on`];
  if (setting === undefined || setting.live === "no") return later;
  if (setting.live === "file") return [];
  const disk = limitsDisk(config) ? blockDeviceOf(config.rootfsPath.value?.path ?? "/") : undefined;
  const layout = readLayout(effectiveUser() !== 0);
  const all = limitsOf(config, disk);
  const plan = planLimits(layout, all);
  const own = plan.limits.filter((limit) => limit.label === key);
  for (const limit of own) applyTo(container, layout, limit);
  // One that was taken out; device rules, which are a list; one that was set aside for another.
  return own.length > 0 ? [] : later;
}

function applyTo(container: Container, layout: CgroupLayout, limit: CgroupLimit): void {
  const doing = `apply ${limit.label} = ${limit.value} to ${container.name}`;
  const ask = (controller: string): string | undefined =>
    limitCgroupPathOf(container, controller) ?? cgroupPathOf(container, controller);
  const folder = folderOfItem(layout, ask, limit.file);
  if (folder === undefined) throw new LxcError("not-found", doing, "its cgroup is not there");
  const file = joinPath(folder, limit.file);
  const result = tryWriteAt(AT_FDCWD, file, limit.value);
  if (result < 0) throw refused(doing, "write", result);
  const made = limit.readBack === true ? madeOf(limit, readText(file)) : undefined;
  if (made !== undefined) throw new LxcError("unsupported", doing, `the kernel made ${made} of it`);
}
