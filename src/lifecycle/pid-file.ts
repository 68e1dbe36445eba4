// The file that names a monitor's process, for as long as it runs.

import { removeFile, writeText } from "../kernel/files.ts";
import { currentPid, type ProcessEnd } from "../kernel/process.ts";

/** Writes our pid to `path` as LXC does, without a newline, runs `run`, and removes the file. Nothing for "". */
export function withPidFile(path: string, run: () => ProcessEnd): ProcessEnd {
  if (path === "") return run();
  writeText(path, String(currentPid()), 0o600);
  try {
    return run();
  } finally {
    removeFile(path);
  }
}
