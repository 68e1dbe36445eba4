// Why a mount entry or a share could not be mounted, and what its author can do.

import { LxcError, withHint } from "../../base/errors.ts";
import { EINVAL, ENODEV, ENOENT, ENOTBLK, ENOTDIR, EPERM } from "../../kernel/abi/errno.ts";
import { refused } from "../../kernel/call.ts";
import { hintFor } from "../../kernel/hints.ts";
import type { EntryStep } from "./steps.ts";

/** `result` is what open_tree(2) said of the source. */
export function sourceRefused(step: EntryStep, result: number): LxcError {
  const error = refused(`${step.isShare ? "share" : "bind"} ${step.source} on /${step.to}`, "open_tree", result);
  if (result !== -ENOENT) return error;
  if (!step.isShare) {
    return new LxcError("not-found", error.doing, "there is no such file or folder on the host", {
      errno: ENOENT,
      hint: `make ${step.source}, or add the option optional to this line of lxc.mount.entry (or of the file of lxc.mount.fstab)`,
    });
  }
  return new LxcError("not-found", error.doing, "there is no such folder on the host", {
    errno: ENOENT,
    hint: `make it: mkdir -p ${step.source}, or correct lxc.mount.share`,
  });
}

/** `result` is what move_mount(2) said when both ends were there. */
export function targetRefused(step: EntryStep, result: number): LxcError {
  const doing = `mount ${step.source} on /${step.to}`;
  if (result !== -EINVAL && result !== -ENOTDIR) return refused(doing, "move_mount", result);
  return new LxcError("config-invalid", doing, "one of them is a folder, and the other is a file", {
    errno: -result,
    hint: `name a place of the same kind in lxc.mount.entry: create=dir makes a folder, create=file a file`,
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
  if (result !== -ENODEV) return withHint(refused(doing, "mount", result), hintOfMount(step, result));
  return new LxcError("unsupported", doing, `the kernel has no file system ${step.type}`, {
    errno: ENODEV,
    hint: "correct the type in the mount entry; /proc/filesystems lists those there are",
  });
}

/** The line is named by what it mounts; what of it the kernel does not take, only its log says. */
function hintOfMount(step: EntryStep, result: number): string {
  if (result === -EINVAL) {
    const options = step.data === "" ? `that it is ${step.type}` : `the options ${step.data}`;
    return `check ${options} in this line of lxc.mount.entry; the kernel's log may say what is wrong: dmesg | tail`;
  }
  if (result === -ENOENT) {
    const named = step.source.startsWith("/") || step.data === "" ? step.source : `what ${step.data} names`;
    return `check that ${named} is there, or add the option optional to this line of lxc.mount.entry`;
  }
  if (result === -ENOTBLK)
    return `${step.source} is no block device: for an image, losetup --find --show it and mount that`;
  return hintFor("mount", -result);
}
