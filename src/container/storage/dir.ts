// A root file system in a plain folder.

import { LxcError } from "../../base/errors.ts";
import { below, joinPath, normalPath, parentOf } from "../../base/path.ts";
import { AT_FDCWD, O_PATH } from "../../kernel/abi/fs.ts";
import {
  closeFd,
  exists,
  isDirectory,
  listDirectory,
  makeDirectory,
  tryOpenAt,
  tryReadLink,
} from "../../kernel/files.ts";
import { type Container, configFileOf, directoryOf } from "../container.ts";
import { type Creation, removePath } from "../partial.ts";
import { refuseMountsBelow } from "./mounted.ts";
import { type RootFileSystem, Storage, type StoragePlace } from "./storage.ts";

const FOLDER_MODE = 0o755;

/** Folders that hold a system: neither they nor what is in them belongs to a container. */
const SYSTEM_FOLDERS: readonly string[] = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/proc",
  "/sbin",
  "/sys",
  "/usr",
];

/** Folders whose direct entries belong to somebody else. */
const SHARED_FOLDERS: readonly string[] = ["/home", "/root", "/run", "/var"];

export class DirStorage extends Storage {
  override create(place: StoragePlace, creation: Creation): RootFileSystem {
    const folder = folderFor(place);
    const source = `dir:${folder}`;
    if (exists(folder)) {
      if (!isDirectory(folder))
        throw new LxcError("wrong-state", "make the root file system", `${folder} is not a folder`);
      // What is in there after a failure was not there before.
      const isFresh = listDirectory(folder).length === 0;
      if (isFresh) creation.record("contents", folder);
      return { folder, source, managed: false, isFresh };
    }
    creation.makeFolders(parentOf(folder), FOLDER_MODE);
    creation.record("tree", folder);
    const managed = makeDirectory(folder, FOLDER_MODE);
    if (!managed) creation.forget(folder);
    return { folder, source, managed, isFresh: managed };
  }

  override checkDestroy(path: string, container: Container): void {
    const folder = normalPath(path);
    const directory = directoryOf(container);
    // By the names as they are written, and by where links lead to.
    const problem =
      problemWithRemoving(folder, directory) ?? problemWithRemoving(realPath(folder), realPath(directory));
    if (problem !== undefined) {
      throw new LxcError("not-permitted", `remove the root file system ${folder}`, problem, {
        hint: `to keep it, set lxc.rootfs.managed = 0 in ${configFileOf(container)}, and destroy again`,
      });
    }
    if (exists(folder) && !isDirectory(folder)) {
      throw new LxcError("unsupported", `remove the root file system ${folder}`, "it is no folder", {
        hint: `remove it by hand, with lxc.rootfs.managed = 0 in ${configFileOf(container)}`,
      });
    }
    refuseMountsBelow(folder);
  }

  override destroy(path: string): void {
    removePath(normalPath(path));
  }

  override keptFolder(path: string, _container: Container): string {
    return normalPath(path);
  }
}

function folderFor(place: StoragePlace): string {
  if (place.dir !== "") return normalPath(place.dir);
  if (place.given !== "") return normalPath(place.given);
  return joinPath(directoryOf(place.container), "rootfs");
}

/** Where `path` leads to; itself when there is nothing. */
function realPath(path: string): string {
  const fd = tryOpenAt(AT_FDCWD, path, O_PATH);
  if (fd < 0) return path;
  const real = tryReadLink(`/proc/self/fd/${fd}`);
  closeFd(fd);
  return real ?? path;
}

/** Why `folder` must stay although a configuration says it is a root file system of the container in `directory`. Pure. */
export function problemWithRemoving(folder: string, directory: string): string | undefined {
  if (!folder.startsWith("/")) return "its path is not absolute";
  if ((below(directory, folder) ?? "") !== "") return undefined;
  if (below(folder, directory) !== undefined) return "the container itself is in it";
  if (folder.lastIndexOf("/") === 0) return "it is a folder of the system's root";
  for (const system of SYSTEM_FOLDERS) if (below(system, folder) !== undefined) return `it is part of ${system}`;
  for (const shared of SHARED_FOLDERS) {
    const rest = below(shared, folder);
    if (rest !== undefined && !rest.includes("/")) return `it belongs to ${shared}`;
  }
  return undefined;
}
