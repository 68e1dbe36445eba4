// Ending all processes of a cgroup, for a container that has no process ids of its own whose end would end them.

import { Deadline } from "../../base/deadline.ts";
import { LxcError } from "../../base/errors.ts";
import { SIGKILL } from "../../kernel/abi/signal.ts";
import { closeFd, tryWriteAt } from "../../kernel/files.ts";
import { sendSignal, tryOpenProcess } from "../../kernel/process.ts";
import { pause } from "../../kernel/waiting.ts";
import { pidsIn } from "./freeze.ts";

const KILL_TIMEOUT_MS = 5000;
const LOOK_AGAIN_MS = 2;

/** Kills until the open cgroup `fd`, of either version, is empty. The caller must not be in it. */
export function killAllIn(fd: number): void {
  const deadline = new Deadline(KILL_TIMEOUT_MS);
  for (;;) {
    const pids = pidsIn(fd);
    if (pids.length === 0) return;
    // Linux 5.14, version 2 only; version 1 does not let a frozen process die.
    if (tryWriteAt(fd, "cgroup.kill", "1") < 0) {
      tryWriteAt(fd, "freezer.state", "THAWED");
      for (const pid of pids) kill(pid);
    }
    if (deadline.hasPassed()) throw staysAlive(pids[0]!);
    pause(LOOK_AGAIN_MS);
  }
}

function kill(pid: number): void {
  const pidfd = tryOpenProcess(pid);
  if (pidfd < 0) return;
  sendSignal(pidfd, SIGKILL);
  closeFd(pidfd);
}

function staysAlive(pid: number): LxcError {
  return new LxcError("timed-out", "end the container's processes", "they do not end on SIGKILL", {
    hint: `see what process ${pid} waits for in /proc/${pid}/stack`,
  });
}
