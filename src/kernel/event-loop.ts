// Waiting for many descriptors at once (epoll), with one handler for each.

import { LxcError } from "../base/errors.ts";
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLIN, epollEvent } from "./abi/ioctl.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryBytes, tryOption } from "./call.ts";
import { closeFd } from "./files.ts";

const AT_ONCE = 16;

const numbers = new Layout();
const word = numbers.u32();

interface Watch {
  /** Gets the EPOLL* bits that came. */
  readonly ready: (events: number) => void;
}

/** Runs handlers as descriptors become ready, until it is told to stop. Takes no wake-ups when nothing happens. */
export class EventLoop {
  readonly #epoll: number;
  readonly #watches = new Map<number, Watch>();
  #running = false;

  constructor() {
    this.#epoll = call("make an event loop", "epoll_create1", EPOLL_CLOEXEC);
  }

  /** Calls `ready` whenever one of `events` (EPOLLIN by default) comes for `fd`. */
  watch(fd: number, ready: (events: number) => void, events: number = EPOLLIN): void {
    this.#watches.set(fd, { ready });
    control(this.#epoll, EPOLL_CTL_ADD, fd, events);
  }

  /** Changes which events of a watched `fd` count. */
  change(fd: number, events: number): void {
    control(this.#epoll, EPOLL_CTL_MOD, fd, events);
  }

  /** Stops watching; before `fd` is closed. */
  forget(fd: number): void {
    if (!this.#watches.delete(fd)) return;
    tryOption(SYS.epoll_ctl, this.#epoll, EPOLL_CTL_DEL, fd, eventFor(fd, 0));
  }

  /** Handles events until `stop`. */
  run(): void {
    this.#running = true;
    while (this.#running) this.turn(-1);
  }

  /** Waits at most `timeoutMs` (-1 for ever) and handles what came. Returns how many descriptors were ready. */
  turn(timeoutMs: number): number {
    const events = new Uint8Array(epollEvent.size * AT_ONCE);
    // Without a mask of signals its size does not matter.
    const count = tryBytes(SYS.epoll_pwait, this.#epoll, events, AT_ONCE, timeoutMs);
    if (count < 0) throw refused("wait for an event", "epoll_pwait", count);
    for (let i = 0; i < count; i++) {
      const event = events.subarray(i * epollEvent.size, (i + 1) * epollEvent.size);
      const fd = word.get(event.subarray(epollEvent.dataAt));
      // A handler that ran before may have ended this watch.
      const watch = this.#watches.get(fd);
      if (watch !== undefined) watch.ready(word.get(event.subarray(epollEvent.eventsAt)));
    }
    return count;
  }

  /** Ends `run` once the handler that is running returns. */
  stop(): void {
    this.#running = false;
  }

  close(): void {
    closeFd(this.#epoll);
  }
}

function control(epoll: number, operation: number, fd: number, events: number): void {
  const result = tryOption(SYS.epoll_ctl, epoll, operation, fd, eventFor(fd, events));
  if (result < 0) throw refused("watch a descriptor", "epoll_ctl", result);
}

function eventFor(fd: number, events: number): Uint8Array {
  if (fd < 0) throw new LxcError("bug", "watch a descriptor", "it is not open");
  const bytes = new Uint8Array(epollEvent.size);
  word.put(bytes.subarray(epollEvent.eventsAt), events);
  word.put(bytes.subarray(epollEvent.dataAt), fd);
  return bytes;
}
