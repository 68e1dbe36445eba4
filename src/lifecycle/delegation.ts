// A container's cgroups belong to whoever is root in its user namespace. Runs in the monitor, once that has its maps.

import { asRoot, mappedRootOf } from "../container/mapped-root.ts";
import type { ContainerCgroups } from "../isolation/cgroup/cgroups.ts";
import { type CgroupOwner, delegateCgroup, delegatedFiles } from "../isolation/cgroup/delegate.ts";
import { foldersIn, removeCgroup } from "../isolation/cgroup/remove.ts";
import { mappingsIn, outsideOf } from "../isolation/id-maps.ts";
import { runMapped } from "../isolation/user-namespace.ts";
import { O_DIRECTORY, O_RDONLY } from "../kernel/abi/fs.ts";
import { closeFd, readText, tryOpenAt } from "../kernel/files.ts";
import { effectiveUser } from "../kernel/process.ts";
import type { StartPlan } from "./plan.ts";

/** For processes that are just ending. */
const TIMEOUT_MS = 5000;

/** `pid` is the container's first process. Does nothing in the host's user namespace. */
export function delegateTo(plan: StartPlan, cgroups: ContainerCgroups, pid: number): void {
  if (plan.user === undefined) return;
  if (effectiveUser() === 0) delegateAsRoot(cgroups, pid);
  else delegateAsUser(plan, cgroups);
}

/** Removes the container's cgroups; what its root made in them, as its root where a user alone may not. */
export function removeCgroups(plan: StartPlan, cgroups: ContainerCgroups): void {
  const mapped = effectiveUser() === 0 ? undefined : mappedRootOf(plan.idMaps);
  if (mapped !== undefined) {
    const filled = cgroups.payloadFolders().filter((folder): boolean => cgroupsIn(folder.fd).length > 0);
    if (filled.length > 0) {
      asRoot(mapped, () => {
        for (const folder of filled) for (const name of cgroupsIn(folder.fd)) removeCgroup(folder.fd, name, TIMEOUT_MS);
      });
    }
  }
  cgroups.remove();
}

/** Of the cgroup that `folder` is open on, as O_PATH. */
function cgroupsIn(folder: number): string[] {
  const fd = tryOpenAt(folder, ".", O_RDONLY | O_DIRECTORY);
  if (fd < 0) return [];
  try {
    return foldersIn(fd, "a cgroup");
  } finally {
    closeFd(fd);
  }
}

/** By the maps that the kernel has, which for a namespace that was joined are nowhere else. */
function delegateAsRoot(cgroups: ContainerCgroups, pid: number): void {
  const uid = outsideOf(mappingsIn(readText(`/proc/${pid}/uid_map`), "u"), "u", 0);
  const gid = outsideOf(mappingsIn(readText(`/proc/${pid}/gid_map`), "g"), "g", 0);
  if (uid >= 0) cgroups.delegate(uid, Math.max(gid, 0));
}

/** Only in a user namespace that has both may a user give what is theirs to somebody who is not them. */
function delegateAsUser(plan: StartPlan, cgroups: ContainerCgroups): void {
  const mapped = mappedRootOf(plan.idMaps);
  const folders = cgroups.payloadFolders();
  if (mapped === undefined || folders.length === 0) return;
  const owner: CgroupOwner = { uid: mapped.root.uid, gid: mapped.root.gid, keeper: mapped.callerUid };
  const files = delegatedFiles();
  runMapped(mapped.maps, mapped.root, () => {
    for (const folder of folders) delegateCgroup(folder, owner, files);
  });
}
