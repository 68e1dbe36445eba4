// Reading and writing the cgroup files of a running container, known by the paths it tells. Runs in tools.

import { joinPath } from "../../base/path.ts";
import { ENODEV, ENOENT, ENOTDIR, EOPNOTSUPP } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { refused, tryBytes } from "../../kernel/call.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
import { type CgroupLayout, hierarchyOf, unifiedOf } from "./layout.ts";
import { controllerOf } from "./limit.ts";

const CHUNK = 16384;

/** Asks a running container for its cgroup of one controller: command GET_LIMIT_CGROUP or GET_CGROUP. */
export type AskPath = (controller: string) => string | undefined;

/** The folder that has `file` for the container, or undefined. */
export function folderOfItem(layout: CgroupLayout, ask: AskPath, file: string): string | undefined {
  const controller = controllerOf(file);
  const h = hierarchyOf(layout, `${controller}`) ?? unifiedOf(layout);
  if (h === undefined || file.includes("/")) return undefined;
  // LXC's own monitors know the unified hierarchy by its controllers only.
  const path = ask(controller) ?? (h.version === 2 ? ask("") : undefined);
  // A path from outside is joined below the mount point, so it must not lead out of it.
  return path === undefined || path.split("/").includes("..") ? undefined : joinPath(h.mountPoint, `${path}`);
}

/** The content of the cgroup file `file`, such as `memory.max`; undefined when there is none. */
export function tryReadItem(layout: CgroupLayout, ask: AskPath, file: string): string | undefined {
  const folder = folderOfItem(layout, ask, file);
  return folder === undefined ? undefined : tryReadFile(joinPath(`${folder}`, `${file}`));
}

/** The content of a file of a cgroup; undefined when there is none, or this kernel has nothing to say there. */
export function tryReadFile(path: string): string | undefined {
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd === -ENOENT || fd === -ENOTDIR) return undefined;
  if (fd < 0) throw refused(`open ${path}`, "openat", fd);
  let text = "";
  const bytes = new Uint8Array(CHUNK);
  for (;;) {
    const length = tryBytes(SYS.read, fd, bytes, bytes.length, 0);
    if (length > 0) text += new TextDecoder().decode(bytes.subarray(0, length));
    if (length > 0) continue;
    closeFd(fd);
    // Removed while we looked, or not supported by this kernel although the file is there.
    if (length === -ENODEV || length === -EOPNOTSUPP) return undefined;
    if (length < 0) throw refused(`read ${path}`, "read", length);
    return text;
  }
}
