// The signals that a monitor gets: in the middle of a start they end it, and later they are for the first process. Runs in the monitor.

import { LxcError } from "../base/errors.ts";
import {
  SIGBUS,
  SIGCHLD,
  SIGHUP,
  SIGILL,
  SIGINT,
  SIGNAL_NAMES,
  SIGQUIT,
  SIGSEGV,
  SIGTERM,
  SIGWINCH,
} from "../kernel/abi/signal.ts";
import { closeFd } from "../kernel/files.ts";
import { sendSignal } from "../kernel/process.ts";
import { allSignalsBut, blockSignals, nextSignal, openSignals } from "../kernel/signals.ts";

/** Faults of our own. */
const NOT_QUEUED: readonly number[] = [SIGILL, SIGBUS, SIGSEGV];

const ASKS_TO_END: readonly number[] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/** Every signal but faults, blocked and queued until it is closed. */
export class MonitorSignals {
  /** Readable when there is one. */
  readonly fd: number;
  /** What was blocked before: the first process begins with it. */
  readonly maskBefore: Uint8Array;

  constructor() {
    const queued = allSignalsBut(NOT_QUEUED);
    this.maskBefore = blockSignals(queued);
    this.fd = openSignals(queued);
  }

  /** A program that has not begun could not take a signal that asks it to end: until then that ends the start. */
  refuseIfAsked(container: string): void {
    for (;;) {
      const signal = nextSignal(this.fd);
      if (signal === undefined) return;
      if (!ASKS_TO_END.includes(signal.number)) continue;
      const reason = `its monitor got SIG${SIGNAL_NAMES[signal.number] ?? ""}, which asks it to end`;
      throw new LxcError("wrong-state", `start ${container}`, reason);
    }
  }

  /** As in LXC: what the monitor gets, the first process gets; a lost terminal asks it to end. */
  forward(init: number, resize: () => void): void {
    for (;;) {
      const signal = nextSignal(this.fd);
      if (signal === undefined) return;
      if (signal.number === SIGCHLD) continue;
      if (signal.number === SIGWINCH) resize();
      else sendSignal(init, signal.number === SIGHUP ? SIGTERM : signal.number);
    }
  }

  close(): void {
    closeFd(this.fd);
    blockSignals(this.maskBefore);
  }
}
