// lxc-top on a terminal: a table that is drawn again and again, and the keys that change it.

import { asLxcError } from "../../base/errors.ts";
import { EPIPE } from "../../kernel/abi/errno.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes } from "../../kernel/call.ts";
import { EventLoop } from "../../kernel/event-loop.ts";
import { closeFd } from "../../kernel/files.ts";
import { openScreen, takeKeys } from "../../kernel/terminals.ts";
import { Timer } from "../../kernel/timers.ts";
import { CallerTerminal } from "../../lifecycle/caller-terminal.ts";

export interface ScreenUse {
  readonly delayMs: number;
  /** Shows what there is now; `isNew` unless only the window or a wish has changed since. */
  readonly draw: (isNew: boolean) => void;
  /** Returns whether the key changes anything. */
  readonly key: (key: string) => boolean;
}

const LEAST_DELAY_MS = 50;

/** Draws until `q`, the end of the keyboard, or a signal. */
export function watchScreen(use: ScreenUse): void {
  const screen = new Screen(use);
  try {
    screen.run();
  } finally {
    screen.close();
  }
}

class Screen {
  readonly #use: ScreenUse;
  readonly #loop = new EventLoop();
  readonly #keys = openScreen(0);
  readonly #caller: CallerTerminal;
  readonly #timer: Timer;

  constructor(use: ScreenUse) {
    this.#use = use;
    this.#timer = new Timer(this.#loop, () => this.#tick());
    this.#caller = new CallerTerminal(this.#loop, this.#keys, {
      take: takeKeys,
      changed: () => this.#draw(false),
      ended: () => this.#loop.stop(),
    });
  }

  run(): void {
    this.#loop.watch(this.#keys, () => this.#readKeys());
    this.#tick();
    if (!this.#caller.hasEnded()) this.#loop.run();
  }

  close(): void {
    this.#timer.close();
    this.#caller.close();
    if (this.#keys > 2) closeFd(this.#keys);
    this.#loop.close();
  }

  #tick(): void {
    this.#timer.startOnce(Math.max(LEAST_DELAY_MS, this.#use.delayMs));
    this.#draw(true);
  }

  /** Whoever reads what we print may go before us. */
  #draw(isNew: boolean): void {
    try {
      this.#use.draw(isNew);
    } catch (caught) {
      const error = asLxcError(caught as Error);
      if (error.errno !== EPIPE) throw error;
      this.#loop.stop();
    }
  }

  #readKeys(): void {
    const bytes = new Uint8Array(64);
    const count = tryBytes(SYS.read, this.#keys, bytes, bytes.length, 0);
    if (count === 0) this.#loop.stop();
    let changes = false;
    for (let at = 0; at < count; at++) {
      const key = String.fromCharCode(bytes[at] ?? 0);
      if (key === "q") {
        this.#loop.stop();
        return;
      }
      if (this.#use.key(key)) changes = true;
    }
    if (changes) this.#draw(false);
  }
}
