// The caller's terminal while a tool has it for itself, and the signals that come meanwhile. Runs in lxc-console and lxc-top.

import {
  SIGBUS,
  SIGCHLD,
  SIGCONT,
  SIGFPE,
  SIGILL,
  SIGPIPE,
  SIGSEGV,
  SIGSTOP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
} from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryNumbers } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import { currentPid } from "../kernel/process.ts";
import { allSignalsBut, blockSignals, nextSignal, openSignals } from "../kernel/signals.ts";
import { restoreTerminal } from "../kernel/terminals.ts";

/** Faults of our own, and what stops us when we are in the background. */
const NOT_QUEUED: readonly number[] = [SIGILL, SIGBUS, SIGSEGV, SIGFPE, SIGTTIN, SIGTTOU];
const WITHOUT_MEANING: readonly number[] = [SIGCHLD, SIGURG, SIGPIPE];

export interface TerminalManners {
  /** Changes the settings of the terminal, and returns those of before. */
  readonly take: (fd: number) => Uint8Array;
  /** The window has another size, or the terminal is ours again after a stop. */
  readonly changed: () => void;
  /** A signal ends us; `close` hands it on. */
  readonly ended: () => void;
}

/** From construction to `close`; on every way out, by a signal too, the terminal is as it was. */
export class CallerTerminal {
  readonly #loop: EventLoop;
  /** -1 where the caller has none. */
  readonly #screen: number;
  readonly #manners: TerminalManners;
  readonly #signals: number;
  readonly #maskBefore: Uint8Array;
  readonly #before: Uint8Array;
  #fatal = 0;

  constructor(loop: EventLoop, screen: number, manners: TerminalManners) {
    this.#loop = loop;
    this.#screen = screen;
    this.#manners = manners;
    const queued = allSignalsBut(NOT_QUEUED);
    this.#maskBefore = blockSignals(queued);
    this.#signals = openSignals(queued);
    this.#before = screen < 0 ? new Uint8Array(0) : manners.take(screen);
    loop.watch(this.#signals, () => this.#takeSignals());
  }

  /** Whether a signal ends us. */
  hasEnded(): boolean {
    return this.#fatal !== 0;
  }

  close(): void {
    this.#loop.forget(this.#signals);
    this.#giveBack();
    closeFd(this.#signals);
    blockSignals(this.#maskBefore);
    // What ended us is told to our parent as it was told to us.
    if (this.#fatal !== 0) tryNumbers(SYS.kill, currentPid(), this.#fatal, 0);
  }

  #giveBack(): void {
    if (this.#screen >= 0) restoreTerminal(this.#screen, this.#before);
  }

  #takeSignals(): void {
    for (;;) {
      const signal = nextSignal(this.#signals);
      if (signal === undefined) return;
      this.#obey(signal.number);
    }
  }

  #obey(signal: number): void {
    if (WITHOUT_MEANING.includes(signal)) return;
    if (signal === SIGWINCH) this.#manners.changed();
    else if (signal === SIGTSTP) {
      this.#giveBack();
      tryNumbers(SYS.kill, currentPid(), SIGSTOP, 0);
    } else if (signal === SIGCONT) {
      // A shell that stopped us has put its own settings back.
      if (this.#screen >= 0) this.#manners.take(this.#screen);
      this.#manners.changed();
    } else if (this.#fatal === 0) {
      this.#fatal = signal;
      this.#manners.ended();
    }
  }
}
