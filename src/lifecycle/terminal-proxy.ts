// Carries bytes between a pseudo terminal and whoever uses it, both ways, without losing any. Runs in lxc-attach, lxc-console and the monitor.

import { asLxcError } from "../base/errors.ts";
import { EAGAIN, EPERM } from "../kernel/abi/errno.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "../kernel/abi/ioctl.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import type { EventLoop } from "../kernel/event-loop.ts";
import { Timer } from "../kernel/timers.ts";

const ROOM_BYTES = 16384;
/** More than the kernel keeps of what was written to a terminal, so that one who writes on and on holds up nobody. */
const LAST_READS = 6;
const QUIT = 113;

/** What a proxy connects. The descriptors stay the owner's. */
export interface ProxyEnds {
  /** The control end of a pseudo terminal, non-blocking. */
  readonly terminal: number;
  /** Where the keyboard is; -1 for nowhere. */
  readonly input: number;
  /** Where the screen is, which may be the same descriptor; -1 for nowhere. */
  readonly output: number;
  /** Gets all that goes to the screen too; -1 for nothing. */
  readonly log: number;
  /** The byte that, followed by `q`, ends the proxy; twice, it is passed on once. -1 for none. */
  readonly escape: number;
}

/** What a proxy does besides. */
export interface ProxyManners {
  /** Gets all that the terminal says, to look at before it returns. */
  readonly heard: (bytes: Uint8Array) => void;
  /** For how long a user's side that takes nothing holds up the terminal; after that it misses what is said. -1 for ever. */
  readonly patienceMs: number;
  /** Whether the end of a pipe or a file that the keys come from is that of the user's side (as in LXC's lxc-console). */
  readonly endsWithInput: boolean;
}

const PLAIN: ProxyManners = { heard: () => {}, patienceMs: -1, endsWithInput: false };

/** `terminal`: no program has it open any more. `user`: the user's side is gone. `escape`: the user asked to leave. */
export type ProxyEnding = "terminal" | "user" | "escape";

/** Bytes on their way in one direction. */
class Flow {
  readonly bytes = new Uint8Array(ROOM_BYTES);
  start = 0;
  end = 0;
  /** How many bytes have gone on. */
  passed = 0;
  /** Nothing more will come. */
  ended = false;

  isEmpty(): boolean {
    return this.start === this.end;
  }

  /** Reads what there is, up to the room. Returns -errno, or the number of bytes, 0 at the end. */
  fill(fd: number): number {
    this.start = 0;
    this.end = 0;
    const got = tryBytes(SYS.read, fd, this.bytes, ROOM_BYTES, 0);
    if (got > 0) this.end = got;
    return got;
  }

  /** Writes as much as goes. Returns a -errno other than -EAGAIN, or 0. */
  drain(fd: number): number {
    while (this.start < this.end) {
      const wrote = tryBytes(SYS.write, fd, this.bytes.subarray(this.start, this.end), this.end - this.start, 0);
      if (wrote === -EAGAIN) return 0;
      if (wrote < 0) return wrote;
      this.start += wrote;
      this.passed += wrote;
    }
    return 0;
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
  }
}

/** Carries bytes until one side is gone. A side that takes none holds up only the side that sends to it. */
export class TerminalProxy {
  readonly #loop: EventLoop;
  readonly #ends: ProxyEnds;
  readonly #ended: (how: ProxyEnding) => void;
  readonly #manners: ProxyManners;
  readonly #timer: Timer;
  readonly #toUser = new Flow();
  readonly #toTerminal = new Flow();
  /** What each descriptor is watched for. */
  readonly #watched = new Map<number, number>();
  /** Files and the like are always ready, which epoll refuses to say. */
  #inputIsFile = false;
  #sawEscape = false;
  #isWaiting = false;
  /** What had gone to the user when the wait began. */
  #passedBefore = 0;
  /** The user's side has used up our patience, and has taken nothing since. */
  #isDeaf = false;
  #over = false;

  /** `ended` is called once, from within the loop. */
  constructor(loop: EventLoop, ends: ProxyEnds, ended: (how: ProxyEnding) => void, manners: ProxyManners = PLAIN) {
    this.#loop = loop;
    this.#ends = ends;
    this.#ended = ended;
    this.#manners = manners;
    this.#timer = new Timer(loop, () => this.#losePatience());
  }

  start(): void {
    this.#watch(this.#ends.terminal);
    if (this.#ends.input >= 0) this.#watch(this.#ends.input);
    if (this.#ends.output >= 0 && this.#ends.output !== this.#ends.input) this.#watch(this.#ends.output);
    this.#settle();
  }

  /** Passes on all that the terminal still holds, waiting for the user's side to take it, and stops. */
  finish(): void {
    while (!this.#over) {
      this.#pumpToUser();
      if (this.#over || this.#toUser.isEmpty()) break;
      this.#settle();
      this.#loop.turn(-1);
    }
    this.stop();
  }

  /** Passes on what the user's side sent before it went, as far as the terminal takes it at this moment. */
  passOnInput(): void {
    for (let left = LAST_READS; left > 0 && !this.#over; left--) {
      if (this.#toTerminal.drain(this.#ends.terminal) < 0 || !this.#toTerminal.isEmpty()) return;
      this.#fromInput();
      if (this.#toTerminal.isEmpty()) return;
    }
  }

  /** Stops at once; nothing is watched any more. */
  stop(): void {
    this.#over = true;
    this.#timer.close();
    for (const fd of [...this.#watched.keys()]) this.#loop.forget(fd);
    this.#watched.clear();
  }

  #watch(fd: number): void {
    this.#watched.set(fd, 0);
    try {
      this.#loop.watch(fd, (events) => this.#ready(fd, events), 0);
    } catch (caught) {
      const error = asLxcError(caught as Error);
      if (error.errno !== EPERM) throw error;
      this.#watched.delete(fd);
      if (fd === this.#ends.input) this.#inputIsFile = true;
    }
  }

  #ready(fd: number, events: number): void {
    if (this.#over) return;
    const gone = (events & (EPOLLHUP | EPOLLERR)) !== 0;
    const readable = (events & EPOLLIN) !== 0;
    if (fd === this.#ends.terminal && (readable || gone) && this.#toUser.isEmpty()) this.#fromTerminal();
    if (!this.#over && fd === this.#ends.input && (readable || gone)) this.#fromInput();
    if (!this.#over && fd === this.#ends.output && gone && !readable) this.#end("user");
    if (!this.#over) this.#settle();
  }

  #fromTerminal(): void {
    const got = this.#toUser.fill(this.#ends.terminal);
    if (got === -EAGAIN) return;
    // EIO: the last program that had it open has closed it.
    if (got <= 0) {
      this.#end("terminal");
      return;
    }
    if (this.#ends.log >= 0) tryBytes(SYS.write, this.#ends.log, this.#toUser.bytes, got, 0);
    this.#manners.heard(this.#toUser.bytes.subarray(0, got));
    if (this.#ends.output < 0) this.#toUser.clear();
    if (this.#isDeaf) this.#offerOnce();
  }

  /** To one who has taken nothing for so long: once it takes some it gets all again, and until then it misses it. */
  #offerOnce(): void {
    const before = this.#toUser.passed;
    if (this.#toUser.drain(this.#ends.output) < 0) this.#end("user");
    if (this.#toUser.passed > before) this.#isDeaf = false;
    else this.#toUser.clear();
  }

  #waitForUser(): void {
    if (this.#manners.patienceMs < 0 || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#passedBefore = this.#toUser.passed;
    this.#timer.startOnce(this.#manners.patienceMs);
  }

  #losePatience(): void {
    this.#isWaiting = false;
    if (this.#over || this.#toUser.isEmpty()) return;
    if (this.#toUser.passed === this.#passedBefore) {
      this.#isDeaf = true;
      this.#toUser.clear();
    }
    this.#settle();
  }

  #fromInput(): void {
    if (!this.#toTerminal.isEmpty() || this.#toTerminal.ended) return;
    const got = this.#toTerminal.fill(this.#ends.input);
    if (got === -EAGAIN) return;
    if (got <= 0) {
      // A pipe or a file that has ended leaves the screen going; a keyboard that is gone takes its screen with it.
      this.#toTerminal.ended = true;
      if (this.#ends.input === this.#ends.output || this.#manners.endsWithInput) this.#end("user");
      return;
    }
    if (this.#ends.escape >= 0) this.#takeEscapes();
  }

  /** As in LXC: the prefix vanishes, and what follows it is passed on unless it is `q`. */
  #takeEscapes(): void {
    const flow = this.#toTerminal;
    let to = 0;
    for (let from = 0; from < flow.end; from++) {
      const byte = flow.bytes[from] ?? 0;
      if (byte === this.#ends.escape && !this.#sawEscape) {
        this.#sawEscape = true;
        continue;
      }
      if (byte === QUIT && this.#sawEscape) {
        flow.end = to;
        flow.drain(this.#ends.terminal);
        this.#end("escape");
        return;
      }
      this.#sawEscape = false;
      flow.bytes[to] = byte;
      to++;
    }
    flow.end = to;
  }

  /** Moves what can be moved, and watches for what is waited for. */
  #settle(): void {
    do {
      if (this.#toTerminal.drain(this.#ends.terminal) < 0) this.#toTerminal.clear();
      if (!this.#inputIsFile || this.#toTerminal.ended || !this.#toTerminal.isEmpty()) break;
      this.#fromInput();
    } while (!this.#over);
    if (!this.#over && this.#toUser.drain(this.#ends.output) < 0) this.#end("user");
    if (this.#over) return;
    if (!this.#toUser.isEmpty()) this.#waitForUser();
    for (const fd of [...this.#watched.keys()]) this.#watchFor(fd, this.#wanted(fd));
  }

  #wanted(fd: number): number {
    let events = 0;
    if (fd === this.#ends.terminal) {
      if (this.#toUser.isEmpty()) events |= EPOLLIN;
      if (!this.#toTerminal.isEmpty()) events |= EPOLLOUT;
    }
    if (fd === this.#ends.input && this.#toTerminal.isEmpty() && !this.#toTerminal.ended) events |= EPOLLIN;
    if (fd === this.#ends.output && !this.#toUser.isEmpty()) events |= EPOLLOUT;
    return events;
  }

  #watchFor(fd: number, events: number): void {
    if (this.#watched.get(fd) === events) return;
    // One that is at its end says so for ever, wanted or not.
    if (fd === this.#ends.input && this.#toTerminal.ended && fd !== this.#ends.output) {
      this.#loop.forget(fd);
      this.#watched.delete(fd);
      return;
    }
    this.#watched.set(fd, events);
    this.#loop.change(fd, events);
  }

  /** Reads until the terminal has nothing more at this moment, or the user's side takes no more. */
  #pumpToUser(): void {
    while (!this.#over && this.#toUser.drain(this.#ends.output) === 0 && this.#toUser.isEmpty()) {
      this.#fromTerminal();
      if (this.#toUser.isEmpty()) return;
    }
  }

  #end(how: ProxyEnding): void {
    if (this.#over) return;
    this.stop();
    this.#ended(how);
  }
}
