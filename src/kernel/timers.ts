// A timer in an event loop (timerfd), made when it is first needed.

import { SYS } from "./abi/syscalls.ts";
import { CLOCK_MONOTONIC, itimerspec, TFD_CLOEXEC, TFD_NONBLOCK } from "./abi/time.ts";
import { call, tryBytes } from "./call.ts";
import type { EventLoop } from "./event-loop.ts";
import { closeFd } from "./files.ts";

/** Calls back once after each start; while it is started, further starts change nothing. */
export class Timer {
  readonly #loop: EventLoop;
  readonly #ring: () => void;
  #fd = -1;
  #isStarted = false;

  constructor(loop: EventLoop, ring: () => void) {
    this.#loop = loop;
    this.#ring = ring;
  }

  /** Rings `afterMs` from now, unless it is to ring already. */
  startOnce(afterMs: number): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    if (this.#fd < 0) {
      this.#fd = call("make a timer", "timerfd_create", CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
      this.#loop.watch(this.#fd, () => this.#rung());
    }
    const bytes = new Uint8Array(itimerspec.size);
    itimerspec.seconds.put(bytes, Math.floor(afterMs / 1000));
    itimerspec.nanoseconds.put(bytes, (afterMs % 1000) * 1_000_000);
    call("start a timer", "timerfd_settime", this.#fd, 0, bytes, 0);
  }

  #rung(): void {
    const count = new Uint8Array(8);
    tryBytes(SYS.read, this.#fd, count, count.length, 0);
    this.#isStarted = false;
    this.#ring();
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#loop.forget(this.#fd);
    closeFd(this.#fd);
    this.#fd = -1;
    this.#isStarted = false;
  }
}
