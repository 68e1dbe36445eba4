// Folders below the run directory, where tools and monitors meet.

import { AT_FDCWD, O_DIRECTORY, O_PATH } from "../kernel/abi/fs.ts";
import { closeFd, makeDirectories, openDirectory, tryOpenAt } from "../kernel/files.ts";
import { makeDirectoryBelow } from "../kernel/resolve.ts";

/** Opens `path` below `runDir` as O_PATH, made where it is missing. No link is followed below the run directory (CVE-2015-1331). */
export function openRunFolder(runDir: string, path: string): number {
  const found = tryOpenAt(AT_FDCWD, runDir, O_PATH | O_DIRECTORY);
  if (found < 0) makeDirectories(runDir, 0o700);
  const run = found < 0 ? openDirectory(runDir) : found;
  try {
    return makeDirectoryBelow(run, path, 0o755);
  } finally {
    closeFd(run);
  }
}
