// What whoever builds a root file system in a user namespace of its own cannot do there: it was done before, or somebody
// outside does it.

import { LxcError } from "../../base/errors.ts";
import { EACCES, EINVAL, EPERM } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY } from "../../kernel/abi/fs.ts";
import { refused } from "../../kernel/call.ts";
import { closeFd, tryOpenAt } from "../../kernel/files.ts";
import { tryShiftOwners } from "../../kernel/mounts.ts";
import { effectiveUser } from "../../kernel/process.ts";

/** Asked by the first process of a container while it mounts. */
export abstract class MountHelper {
  /** The folder `path` of the host, open; -EACCES when it was out of reach before, too. */
  abstract folder(path: string): number;

  /** A copy of the mount at `path` on the host, mounted nowhere; -errno when it was out of reach before, too. */
  abstract tree(path: string, recursive: boolean): number;

  /**
   * Shows the owners of the files in `tree`, a mount that is mounted nowhere, as the user namespace `space` maps them:
   * "container", or the path of one.
   */
  abstract shift(tree: number, space: string): void;
}

export const CONTAINER = "container";

/** The error for `idmap=container` in a container of the host's users. */
export function noUserNamespace(): LxcError {
  return new LxcError(
    "config-invalid",
    "mount with idmap=container",
    "the container has no user namespace of its own",
    {
      hint: "set lxc.idmap, or give idmap= the path of a user namespace",
    },
  );
}

/** `space` is the path of a user namespace, and `name` how the configuration has it. */
export function shiftOwners(tree: number, space: string, name: string): void {
  const doing = `mount with idmap=${name}`;
  const fd = tryOpenAt(AT_FDCWD, space, O_RDONLY);
  // An ordinary user may not even come to the namespace of its own container.
  if (fd < 0 && fd !== -EACCES) throw refused(doing, "openat", fd);
  const result = fd < 0 ? -EPERM : tryShiftOwners(tree, fd);
  if (fd >= 0) closeFd(fd);
  if (result >= 0) return;
  if (result === -EINVAL) {
    throw new LxcError(
      "unsupported",
      doing,
      "the file system, or one mounted below, has no idmapped mounts; or that is no other user namespace",
      {
        errno: EINVAL,
        hint: "ext4, xfs, btrfs, tmpfs and others have them, overlay and network file systems mostly not: see mount_setattr(2)",
      },
    );
  }
  if (result === -EPERM && effectiveUser() === 0) {
    throw new LxcError(
      "config-invalid",
      doing,
      "that is the host's own user namespace, or owners are shifted there already",
      {
        errno: EPERM,
        hint: "name the user namespace of a process that has id maps",
      },
    );
  }
  if (result === -EPERM) {
    throw new LxcError("not-permitted", doing, "only the host's root may do that", {
      errno: EPERM,
      hint: "start the container as root, or take idmap= out",
    });
  }
  throw refused(doing, "mount_setattr", result);
}
