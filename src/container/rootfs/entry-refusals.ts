// Why a mount entry or a share could not be mounted, and what its author can do.

import { LxcError } from "../../base/errors.ts";
import { EINVAL, ENODEV, ENOENT, EPERM } from "../../kernel/abi/errno.ts";
import { refused } from "../../kernel/call.ts";
import type { EntryStep } from "./steps.ts";

/** `result` is what open_tree(2) said of the source. */
export function sourceRefused(step: EntryStep, result: number): LxcError {
  const error = refused(`${step.isShare ? "share" : "bind"} ${step.source} on /${step.to}`, "open_tree", result);
  if (!step.isShare || result !== -ENOENT) return error;
  return new LxcError("not-found", error.doing, "there is no such folder on the host", {
    errno: ENOENT,
    hint: `make it: mkdir -p ${step.source}, or correct lxc.mount.share`,
  });
}

/** `because` is why the owners could not be shifted. */
export function shareRefused(step: EntryStep, because: LxcError): LxcError {
  const otherwise = `bind it with lxc.mount.entry = ${step.source} ${step.to} none bind,create=dir`;
  const hint =
    because.errno === EPERM
      ? `start the container as root; or map the owner of ${step.source} with a line lxc.idmap = u ID ID 1, and ${otherwise}`
      : because.errno === EINVAL
        ? `move the files to a file system that has them, such as ext4, xfs, btrfs or tmpfs; or ${otherwise}, and give the files to users of lxc.idmap`
        : because.hint;
  const reason = "its owners cannot be shown by the container's id map";
  // The hint that is nearest to the cause is told, and it knows nothing of shares.
  const cause = new LxcError(because.code, because.doing, because.reason, { errno: because.errno });
  return new LxcError(because.code, `share ${step.source} on /${step.to}`, reason, {
    errno: because.errno,
    because: cause,
    hint,
  });
}

/** `result` is what mount(2) said. */
export function mountRefused(step: EntryStep, result: number): LxcError {
  const doing = `mount ${step.source} on /${step.to}`;
  if (result !== -ENODEV) return refused(doing, "mount", result);
  return new LxcError("unsupported", doing, `the kernel has no file system ${step.type}`, {
    errno: ENODEV,
    hint: "correct the type in the mount entry; /proc/filesystems lists those there are",
  });
}
