// Leaving a monitor behind: the caller's side first, the monitor's below. They share one channel, for one message.

import { asLxcError } from "../base/errors.ts";
import { isHeard, listen, PATIENCE_MS, TELL_AGAIN_MS, tellProgress } from "../base/progress.ts";
import { monitorTitleOf } from "../container/monitor-title.ts";
import { O_RDWR } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../kernel/call.ts";
import { forgetOwnEnvironment } from "../kernel/environment.ts";
import { closeFd, openFile } from "../kernel/files.ts";
import { cloneProcess, exitNow, tryCloneProcess } from "../kernel/process.ts";
import { socketPair } from "../kernel/sockets.ts";
import { setProcessTitle } from "../kernel/title.ts";
import { POLLIN, waitFor } from "../kernel/waiting.ts";
import { expect, tellWith, tryTellFailure } from "./handshake.ts";
import { Monitor, type MonitorHoldings } from "./monitor.ts";
import { withPidFile } from "./pid-file.ts";
import type { StartPlan } from "./plan.ts";

/** Starts the monitor, born in a cgroup of its own where there is one. Returns once the container runs; throws its error. */
export function leaveMonitorBehind(plan: StartPlan, holdings: MonitorHoldings): void {
  const channel = socketPair();
  const cgroupFd = holdings.cgroups.monitorV2Fd();
  let child = tryCloneProcess(0, cgroupFd);
  const born = cgroupFd >= 0 && child.pid >= 0;
  if (child.pid < 0) child = cloneProcess(0, -1);
  if (child.pid === 0) {
    closeFd(channel.left);
    becomeMonitor(plan, holdings, born, channel.right);
  }
  closeFd(channel.right);
  closeFd(holdings.listening);
  try {
    tellWhileStarting(channel.left, plan.options.container.name);
    for (const warning of expect(channel.left, "running").split("\n")) if (warning !== "") plan.options.warn(warning);
  } finally {
    closeFd(channel.left);
  }
}

/** Returns when there is something to hear, or nobody who listens to how long it takes. */
function tellWhileStarting(channel: number, name: string): void {
  const beganMs = Date.now();
  let sliceMs = PATIENCE_MS;
  while (isHeard() && !waitFor(channel, POLLIN, sliceMs)) {
    tellProgress(`starting ${name}: its hooks and mounts have taken ${Math.round((Date.now() - beganMs) / 1000)} s`);
    sliceMs = TELL_AGAIN_MS;
  }
}

/** Runs in the monitor and does not return. */
function becomeMonitor(plan: StartPlan, holdings: MonitorHoldings, born: boolean, caller: number): never {
  const { container, pidFile } = plan.options;
  let told = false;
  try {
    // It has no terminal to draw on.
    listen(undefined);
    forgetOwnEnvironment();
    detach();
    const title = setProcessTitle(monitorTitleOf(container));
    const monitor = new Monitor(plan, holdings);
    const running = (): void => {
      if (told) return;
      tellWith(caller, "running", monitor.warnings().join("\n"));
      closeFd(caller);
      told = true;
    };
    withPidFile(pidFile, () => monitor.run(born, running));
    // The title must live until here.
    exitNow(Math.min(title.count(), 0));
  } catch (caught) {
    if (!told) tryTellFailure(caller, asLxcError(caught as Error));
  }
  return exitNow(1);
}

/** A session of its own without a terminal, in no folder that anybody may want to unmount. */
function detach(): void {
  call("start a session", "setsid");
  call("enter /", "chdir", "/");
  const nothing = openFile("/dev/null", O_RDWR);
  for (let stream = 0; stream <= 2; stream++) tryNumbers(SYS.dup2, nothing, stream, 0);
  closeFd(nothing);
}
