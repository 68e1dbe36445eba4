// lxc-monitord: hears from all monitors of a container path, and tells all who watch. None of them can hold it up or end it.

import { EAGAIN, EMFILE, ENFILE } from "../kernel/abi/errno.ts";
import { EPOLLIN, EPOLLOUT } from "../kernel/abi/ioctl.ts";
import { SIGBUS, SIGILL, SIGINT, SIGSEGV, SIGTERM } from "../kernel/abi/signal.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { EventLoop } from "../kernel/event-loop.ts";
import { closeFd } from "../kernel/files.ts";
import { textOf } from "../kernel/memory.ts";
import { effectiveUser } from "../kernel/process.ts";
import { allSignalsBut, blockSignals, nextSignal, openSignals, signalSet } from "../kernel/signals.ts";
import { peerCredentials, tryAccept, trySend } from "../kernel/sockets.ts";
import { Timer } from "../kernel/timers.ts";
import { MessageStream } from "./message-stream.ts";
import { type MonitordClaim, releaseMonitord } from "./monitord-claim.ts";

/** As in LXC. */
const IDLE_MS = 30_000;
/** As many messages may wait for one who does not read; then it is let go, so that it knows that it has missed some. */
const MOST_WAITING = 65_536;
const MOST_CLIENTS = 256;
const FIFO_READ = 65_536;
/** Between looking at the fifo so often, clients are looked after. */
const READS_AT_ONCE = 8;
const PAUSE_MS = 1000;
const QUIT = "quit";

/** One who watches. */
class Watcher {
  readonly fd: number;
  /** What is still to be sent, from `next` on. */
  waiting: Uint8Array[] = [];
  next = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  count(): number {
    return this.waiting.length - this.next;
  }
}

export class Monitord {
  readonly #claim: MonitordClaim;
  readonly #persistent: boolean;
  readonly #loop = new EventLoop();
  readonly #stream = new MessageStream();
  readonly #watchers = new Map<number, Watcher>();
  readonly #owner = effectiveUser();
  readonly #bytes = new Uint8Array(FIFO_READ);
  readonly #idle: Timer;
  readonly #pause: Timer;
  #idleSinceMs = Date.now();

  /** `persistent`: does not end by itself when nobody watches. */
  constructor(claim: MonitordClaim, persistent: boolean) {
    this.#claim = claim;
    this.#persistent = persistent;
    this.#idle = new Timer(this.#loop, () => this.#checkIdle());
    this.#pause = new Timer(this.#loop, () => this.#listen());
  }

  /** Until somebody says quit, it is told to end, or nobody has watched for half a minute. */
  run(): void {
    // As in LXC, but for SIGINT: whoever runs it by hand wants to end it by hand.
    blockSignals(allSignalsBut([SIGILL, SIGBUS, SIGSEGV]));
    const signals = openSignals(signalSet([SIGTERM, SIGINT]));
    this.#loop.watch(signals, () => {
      if (nextSignal(signals) !== undefined) this.#loop.stop();
    });
    this.#loop.watch(this.#claim.fifo, () => this.#hear());
    this.#listen();
    this.#noteIdle();
    this.#loop.run();
    releaseMonitord(this.#claim);
    for (const watcher of [...this.#watchers.values()]) this.#drop(watcher);
    closeFd(signals);
  }

  #listen(): void {
    this.#loop.watch(this.#claim.listening, () => this.#accept());
  }

  #accept(): void {
    const fd = tryAccept(this.#claim.listening);
    if (fd === -EMFILE || fd === -ENFILE) {
      // Without descriptors to accept with, epoll would wake us again and again.
      this.#loop.forget(this.#claim.listening);
      this.#pause.startOnce(PAUSE_MS);
    }
    if (fd < 0) return;
    const { uid } = peerCredentials(fd);
    if ((uid !== 0 && uid !== this.#owner) || this.#watchers.size >= MOST_CLIENTS) {
      closeFd(fd);
      return;
    }
    const watcher = new Watcher(fd);
    this.#watchers.set(fd, watcher);
    this.#loop.watch(fd, (events) => this.#ready(watcher, events));
  }

  #ready(watcher: Watcher, events: number): void {
    if ((events & EPOLLOUT) !== 0) this.#sendWaiting(watcher);
    // Whatever else there is is seen by reading: what was said, or the end.
    if (events !== EPOLLOUT) this.#read(watcher);
  }

  /** Watchers say nothing but that all is to end. */
  #read(watcher: Watcher): void {
    if (!this.#watchers.has(watcher.fd)) return;
    const said = new Uint8Array(64);
    const got = tryBytes(SYS.recvfrom, watcher.fd, said, said.length, 0);
    if (got === -EAGAIN) return;
    if (got <= 0) this.#drop(watcher);
    else if (textOf(said.subarray(0, got)).startsWith(QUIT)) this.#loop.stop();
  }

  /** Takes what monitors have written, and tells it. */
  #hear(): void {
    for (let reads = 0; reads < READS_AT_ONCE; reads++) {
      const got = tryBytes(SYS.read, this.#claim.fifo, this.#bytes, this.#bytes.length, 0);
      if (got <= 0) {
        this.#stream.drop();
        return;
      }
      for (const message of this.#stream.take(this.#bytes.subarray(0, got))) this.#tell(message);
    }
  }

  #tell(message: Uint8Array): void {
    for (const watcher of [...this.#watchers.values()]) {
      if (watcher.count() > 0 || !this.#send(watcher, message)) this.#queue(watcher, message);
    }
  }

  /** One message a call: LXC's lxc-monitor takes what is there of one for the whole. Returns false when it must wait. */
  #send(watcher: Watcher, message: Uint8Array): boolean {
    const sent = trySend(watcher.fd, message, []);
    if (sent === -EAGAIN) return false;
    if (sent < 0) this.#drop(watcher);
    return true;
  }

  #queue(watcher: Watcher, message: Uint8Array): void {
    if (watcher.count() >= MOST_WAITING) {
      this.#drop(watcher);
      return;
    }
    if (watcher.count() === 0) this.#loop.change(watcher.fd, EPOLLIN | EPOLLOUT);
    if (watcher.next >= MOST_WAITING) {
      watcher.waiting = watcher.waiting.slice(watcher.next);
      watcher.next = 0;
    }
    watcher.waiting.push(message);
  }

  #sendWaiting(watcher: Watcher): void {
    while (watcher.count() > 0) {
      if (!this.#send(watcher, watcher.waiting[watcher.next]!)) return;
      if (!this.#watchers.has(watcher.fd)) return;
      watcher.next++;
    }
    watcher.waiting = [];
    watcher.next = 0;
    this.#loop.change(watcher.fd, EPOLLIN);
  }

  #drop(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher.fd)) return;
    this.#loop.forget(watcher.fd);
    closeFd(watcher.fd);
    this.#noteIdle();
  }

  #noteIdle(): void {
    if (this.#persistent || this.#watchers.size > 0) return;
    this.#idleSinceMs = Date.now();
    this.#idle.startOnce(IDLE_MS);
  }

  #checkIdle(): void {
    if (this.#watchers.size > 0) return;
    const leftMs = this.#idleSinceMs + IDLE_MS - Date.now();
    if (leftMs <= 0) this.#loop.stop();
    else this.#idle.startOnce(leftMs);
  }
}
