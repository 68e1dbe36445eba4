// The small init of lxc-execute: process 1 of a container that runs one command, as process 2.

import { LxcError } from "../base/errors.ts";
import { errnoText } from "../kernel/abi/errno.ts";
import { TIOCSCTTY } from "../kernel/abi/ioctl.ts";
import { SIGBUS, SIGCHLD, SIGILL, SIGKILL, SIGPWR, SIGSEGV, SIGTERM } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes, tryNumbers } from "../kernel/call.ts";
import { bytesOfText } from "../kernel/memory.ts";
import { cloneProcess, closeAllBut, exitNow, reapEnded, setCommandName, shellCode } from "../kernel/process.ts";
import { hintOfExec, reasonOfExec, tryExecSearching } from "../kernel/program-search.ts";
import { allSignalsBut, blockSignals, waitForSignal } from "../kernel/signals.ts";

/** As in LXC, whatever the reason. */
const CANNOT_EXECUTE = 255;

/** How long processes have to end by themselves, and how often they are killed after that. */
const GRACE_MS = 1000;

/**
 * Runs `words` (what follows `--` on the command line of init.lxc) with `environment`, passes signals on to it, reaps
 * what is orphaned, and returns the exit code of the command, 128 + the signal that ended it, once no process is left.
 */
export function runInit(words: readonly string[], environment: readonly string[], quiet: boolean): number {
  // These three mean that we ourselves are broken.
  const before = blockSignals(allSignalsBut([SIGILL, SIGSEGV, SIGBUS]));
  closeAllBut([]);
  const command = cloneProcess(0, -1).pid;
  if (command === 0) runCommand(words, environment, before, quiet);
  setCommandName("init");
  return serve(command);
}

/** Runs in process 2. Never returns. */
function runCommand(words: readonly string[], environment: readonly string[], mask: Uint8Array, quiet: boolean): never {
  blockSignals(mask);
  tryNumbers(SYS.setsid, 0, 0, 0);
  // Its terminal, if standard input is one.
  tryNumbers(SYS.ioctl, 0, TIOCSCTTY, 0);
  const errno = -tryExecSearching(words, environment);
  const name = words[0] ?? "";
  const reason = reasonOfExec(name, errno);
  const hint = hintOfExec(name, errno);
  const error = new LxcError("not-found", `run ${name}`, reason === "" ? errnoText(errno) : reason, { errno });
  if (!quiet) tell(hint === "" ? error.message : `${error.message}\n  hint: ${hint}`);
  exitNow(CANNOT_EXECUTE);
}

function tell(message: string): void {
  const bytes = bytesOfText(`init.lxc: ${message}\n`);
  tryBytes(SYS.write, 2, bytes, bytes.length, 0);
}

/** Until no process is left: those that the command leaves behind are waited for too, as in LXC. */
function serve(command: number): number {
  const all = allSignalsBut([]);
  let exitCode = 1;
  let timeoutMs = -1;
  for (;;) {
    const signal = waitForSignal(all, timeoutMs);
    if (signal === undefined) tryNumbers(SYS.kill, -1, SIGKILL, 0);
    else if (signal.number === SIGCHLD) {
      const left = reapEnded((end) => {
        if (end.pid === command) exitCode = shellCode(end);
      });
      if (!left) return exitCode;
    } else if (signal.pid > 0) {
      // From inside our own pid namespace: to end the container is not for its processes to ask of us.
    } else if (signal.number === SIGTERM || signal.number === SIGPWR) {
      timeoutMs = GRACE_MS;
      tryNumbers(SYS.kill, -1, SIGTERM, 0);
    } else tryNumbers(SYS.kill, command, signal.number, 0);
  }
}
