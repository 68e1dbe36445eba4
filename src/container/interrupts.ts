// Ctrl-C and its like during work that must be taken back: held until it is safe to act on them.

import { LxcError } from "../base/errors.ts";
import { EINTR } from "../kernel/abi/errno.ts";
import { SIGHUP, SIGINT, SIGNAL_NAMES, SIGTERM } from "../kernel/abi/signal.ts";
import { closeFd } from "../kernel/files.ts";
import { blockSignals, nextSignal, openSignals, signalSet } from "../kernel/signals.ts";

/** Holds SIGINT, SIGTERM and SIGHUP back from the moment it is made until `release`. */
export class Interrupts {
  /** Readable when a signal came. */
  readonly fd: number;
  /** The signals that were blocked before, for programs we start. */
  readonly before: Uint8Array;

  constructor() {
    const set = signalSet([SIGHUP, SIGINT, SIGTERM]);
    this.before = blockSignals(set);
    this.fd = openSignals(set);
  }

  /** Throws "cannot <doing>: interrupted by SIGINT", with EINTR as its errno, when one of the signals came. */
  check(doing: string): void {
    const signal = nextSignal(this.fd);
    if (signal !== undefined) throw interrupted(doing, signal.number);
  }

  release(): void {
    blockSignals(this.before);
    closeFd(this.fd);
  }
}

export function interrupted(doing: string, signal: number): LxcError {
  return new LxcError("wrong-state", doing, `interrupted by SIG${SIGNAL_NAMES[signal] ?? String(signal)}`, {
    errno: EINTR,
    hint: "nothing was kept; run the same command again",
  });
}
