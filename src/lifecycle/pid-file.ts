// The file that names a monitor's process, for as long as it runs.

import { asLxcError, withHint } from "../base/errors.ts";
import { parentOf } from "../base/path.ts";
import { ENOENT } from "../kernel/abi/errno.ts";
import { removeFile, writeText } from "../kernel/files.ts";
import { currentPid, type ProcessEnd } from "../kernel/process.ts";

/** Writes our pid to `path` as LXC does, without a newline, runs `run`, and removes the file. Nothing for "". */
export function withPidFile(path: string, run: () => ProcessEnd): ProcessEnd {
  if (path === "") return run();
  writePid(path);
  try {
    return run();
  } finally {
    removeFile(path);
  }
}

function writePid(path: string): void {
  try {
    writeText(path, String(currentPid()), 0o600);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    throw error.errno === ENOENT ? withHint(error, `make its folder: mkdir -p ${parentOf(path)}`) : error;
  }
}
