// Finding the lxc-monitord of a container path, and starting one where there is none. Runs in lxc-monitor.

import { decodeError } from "../base/error-fields.ts";
import { LxcError } from "../base/errors.ts";
import { monitordSocketOf } from "../container/paths.ts";
import { ECONNREFUSED } from "../kernel/abi/errno.ts";
import { O_RDWR } from "../kernel/abi/fs.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { call, tryNumbers } from "../kernel/call.ts";
import { keepAcrossExec } from "../kernel/fifos.ts";
import { closeFd, openFile } from "../kernel/files.ts";
import { cloneProcess, closeAllBut, effectiveUser, exitNow, tryExec, waitForEnd } from "../kernel/process.ts";
import { peerCredentials, receiveMessage, socketPair, tryConnectAbstract } from "../kernel/sockets.ts";
import { POLLIN, pause, waitFor } from "../kernel/waiting.ts";

/** What our program is called when it is lxc-monitord. */
export const MONITORD = "lxc-monitord";
/** What lxc-monitord says to whoever started it, once it can be connected to (as in LXC). */
export const READY = "S";

const CONNECT_TIMEOUT_MS = 3000;
const START_TIMEOUT_MS = 5000;
/** One that another lxc-monitor is just starting needs a moment. */
const PAUSES_MS: readonly number[] = [0, 10, 50, 100, 500];
const LONGEST_FAILURE = 8192;

/** A connection to the lxc-monitord of `lxcpath`, which is started when there is none. Throws when that fails. */
export function openMonitord(lxcpath: string, environment: readonly string[]): number {
  for (const ms of PAUSES_MS) {
    const found = connectMonitord(lxcpath);
    if (found >= 0) return found;
    startMonitord(lxcpath, environment);
    const started = connectMonitord(lxcpath);
    if (started >= 0) return started;
    // Another one has just ended, or is just beginning.
    pause(ms);
  }
  throw new LxcError("timed-out", `watch the containers of ${lxcpath}`, "lxc-monitord does not answer", {
    hint: `see what it says: lxc-monitord --daemon ${lxcpath}`,
  });
}

/** Connects. Returns -ECONNREFUSED when there is no lxc-monitord; throws when somebody else pretends to be it. */
export function connectMonitord(lxcpath: string): number {
  const name = monitordSocketOf(lxcpath);
  const fd = tryConnectAbstract(name, CONNECT_TIMEOUT_MS);
  if (fd < 0) return fd;
  // Abstract names are for all users.
  const { uid, pid } = peerCredentials(fd);
  if (uid === 0 || uid === effectiveUser()) return fd;
  closeFd(fd);
  throw new LxcError(
    "not-permitted",
    `watch the containers of ${lxcpath}`,
    `@${name} is process ${pid} of user ${uid}`,
    {
      hint: `end that process: kill ${pid}`,
    },
  );
}

/** Whether nobody listens. */
export function isAbsent(result: number): boolean {
  return result === -ECONNREFUSED;
}

/** Leaves an lxc-monitord behind, and returns when it is ready, or when another one is there. Throws why it cannot be. */
function startMonitord(lxcpath: string, environment: readonly string[]): void {
  const channel = socketPair();
  const between = cloneProcess(0, -1);
  if (between.pid === 0) leaveBehind(channel.right, lxcpath, environment);
  closeFd(channel.right);
  closeFd(between.pidfd);
  try {
    waitForEnd(between.pid);
    if (!waitFor(channel.left, POLLIN, START_TIMEOUT_MS)) return;
    const { bytes } = receiveMessage(channel.left, LONGEST_FAILURE);
    // Nothing: it has found another one.
    if (bytes.length > READY.length) throw failedToStart(lxcpath, decodeError(bytes));
  } finally {
    closeFd(channel.left);
  }
}

function failedToStart(lxcpath: string, because: LxcError): LxcError {
  const doing = `watch the containers of ${lxcpath}`;
  return new LxcError(because.code, doing, "lxc-monitord does not start", { errno: because.errno, because });
}

/** Runs in a process between, so that the one that stays is nobody's child; does not return. */
function leaveBehind(channel: number, lxcpath: string, environment: readonly string[]): never {
  call("start a session", "setsid");
  if (cloneProcess(0, -1).pid !== 0) return exitNow(0);
  call("enter /", "chdir", "/");
  const nothing = openFile("/dev/null", O_RDWR);
  for (let stream = 0; stream <= 2; stream++) tryNumbers(SYS.dup2, nothing, stream, 0);
  closeAllBut([channel]);
  keepAcrossExec(channel);
  tryExec("/proc/self/exe", [MONITORD, lxcpath, String(channel)], environment);
  return exitNow(1);
}
