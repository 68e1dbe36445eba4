// Asks another program, the proxy, about each system call that a policy hands on with `notify`. Runs in the monitor.
//
// LXC's monitor waits for the proxy with everything else standing still, for up to 30 seconds a call. Here calls wait in a
// table, any number at once, and nothing else waits for them.

import { Deadline } from "../../base/deadline.ts";
import { asLxcError, LxcError } from "../../base/errors.ts";
import { EAGAIN, ECONNREFUSED, EINVAL, EMFILE, ENOENT, EPIPE, errnoText } from "../../kernel/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_RDONLY, O_RDWR } from "../../kernel/abi/fs.ts";
import { EPOLLHUP, EPOLLIN } from "../../kernel/abi/ioctl.ts";
import {
  AF_UNIX,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SUN_PATH_LENGTH,
  sockaddrUn,
} from "../../kernel/abi/socket.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryBytes, tryCall } from "../../kernel/call.ts";
import type { EventLoop } from "../../kernel/event-loop.ts";
import { closeAll, closeFd, tryOpenAt } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { type Received, tryReceive, trySend } from "../../kernel/sockets.ts";
import { Timer } from "../../kernel/timers.ts";
import {
  defaultResponse,
  idKey,
  idOf,
  type NotifySizes,
  pidOf,
  proxyMessage,
  proxyMessageSize,
  responseIn,
} from "./notify.ts";
import { isListener, isWaiting, readNotifySizes, tryReceiveNotification, tryRespond } from "./notify-listener.ts";

export interface NotifyProxyOptions {
  /** The proxy's socket (SOCK_SEQPACKET): a path that begins with a slash, or @NAME for an abstract one. */
  readonly address: string;
  /** A text that each message carries; "" for none. */
  readonly cookie: string;
  readonly monitorPid: number;
  readonly initPid: number;
  /** How long the proxy may take for a call; LXC has 30000. */
  readonly timeoutMs: number;
  /** Gets one line for each thing that went wrong. */
  readonly warn: (message: string) => void;
}

/** A call that the proxy was asked about. */
interface Asked {
  /** Where the call arrived. */
  readonly listener: number;
  readonly id: Uint8Array;
  readonly deadline: Deadline;
}

const NOT_CONNECTED = -1;
/** So many late answers may be owed before the proxy counts as stuck. */
const MOST_LATE = 1000;
/** One for each program that was attached, and the container's own: the monitor has to keep descriptors for itself. */
const MOST_LISTENERS = 200;

/**
 * Serves the calls of all listeners of a container on one connection, as LXC does: the kernel begins to number a listener's
 * calls at random, so that the 64 bits of a call's number are its alone. A call that the proxy does not decide on in time, or
 * cannot, fails with ENOSYS, as in LXC; the next one tries the proxy again.
 */
export class NotifyProxy {
  readonly #loop: EventLoop;
  readonly #options: NotifyProxyOptions;
  readonly #address: Uint8Array;
  readonly #sizes: NotifySizes;
  readonly #timer: Timer;
  readonly #asked = new Map<string, Asked>();
  /** Calls that have been answered for the proxy, which may still send its own answer. */
  readonly #late = new Set<string>();
  readonly #listeners: number[] = [];
  #socket = NOT_CONNECTED;
  #isOpen = true;

  /** Throws when the kernel has no notifications, or the address is none. */
  constructor(loop: EventLoop, options: NotifyProxyOptions) {
    this.#loop = loop;
    this.#options = options;
    this.#address = socketAddress(options.address);
    this.#sizes = readNotifySizes();
    this.#timer = new Timer(loop, () => this.#giveUpLate());
  }

  /**
   * Serves what a filter was loaded with, ours now: closed by `close`, and when nobody is left behind the filter. Returns 0,
   * or -errno for what is no listener (-EINVAL) or one too many, which stays the caller's.
   */
  add(listener: number): number {
    if (!this.#isOpen || !isListener(listener)) return -EINVAL;
    if (this.#listeners.length >= MOST_LISTENERS) return -EMFILE;
    this.#listeners.push(listener);
    this.#loop.watch(listener, (events) => this.#notified(listener, events));
    return 0;
  }

  /** Answers what waits, and lets go of listeners and proxy. Calls that come later fail with ENOSYS by the kernel. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#failAll();
    this.#disconnect();
    this.#timer.close();
    for (const listener of this.#listeners.splice(0)) this.#letGo(listener);
  }

  #letGo(listener: number): void {
    this.#loop.forget(listener);
    closeFd(listener);
  }

  /** No process is behind the filter any more: nobody waits for an answer. */
  #abandon(listener: number): void {
    const gone: string[] = [];
    for (const [key, asked] of this.#asked) if (asked.listener === listener) gone.push(key);
    for (const key of gone) {
      this.#asked.delete(key);
      this.#late.add(key);
    }
    this.#listeners.splice(this.#listeners.indexOf(listener), 1);
    this.#letGo(listener);
  }

  #notified(listener: number, events: number): void {
    if ((events & EPOLLIN) === 0) {
      if ((events & EPOLLHUP) !== 0) this.#abandon(listener);
      return;
    }
    const notification = tryReceiveNotification(listener, this.#sizes);
    if (typeof notification !== "number") this.#ask(listener, notification);
    else if (notification !== -ENOENT) this.#warn(`no system call came: ${errnoText(-notification)}`);
  }

  #ask(listener: number, notification: Uint8Array): void {
    const id = idOf(notification);
    const process = `/proc/${pidOf(notification)}`;
    const folder = tryOpenAt(AT_FDCWD, process, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const memory = tryOpenAt(AT_FDCWD, `${process}/mem`, O_RDWR | O_CLOEXEC);
    let problem = "";
    if (folder < 0) problem = `${process} cannot be opened: ${errnoText(-folder)}`;
    else if (memory < 0) problem = `${process}/mem cannot be opened: ${errnoText(-memory)}`;
    // A process that has ended may have left its number to another one.
    else if (isWaiting(listener, id)) problem = this.#send(listener, notification, [folder, memory]);
    if (folder >= 0) closeFd(folder);
    if (memory >= 0) closeFd(memory);
    if (problem !== "") this.#fail(listener, id, problem);
  }

  /** Sends the question, on a new connection when the old one is not there or turns out to be dead. Returns what is wrong. */
  #send(listener: number, notification: Uint8Array, descriptors: readonly number[]): string {
    const { monitorPid, initPid, cookie } = this.#options;
    const message = proxyMessage(notification, this.#sizes, { monitorPid, initPid, cookie });
    const all = [...descriptors, listener];
    let result = -EPIPE;
    if (this.#socket !== NOT_CONNECTED) result = trySend(this.#socket, message, all);
    if (result < 0 && result !== -EAGAIN) {
      if (this.#socket !== NOT_CONNECTED) this.#proxyLeft("has gone");
      result = this.#connect();
      if (result < 0) return `${this.#options.address} cannot be connected to: ${errnoText(-result)}`;
      result = trySend(this.#socket, message, all);
    }
    if (result < 0) return `${this.#options.address} takes no message: ${errnoText(-result)}`;
    const deadline = new Deadline(this.#options.timeoutMs);
    this.#asked.set(idKey(notification), { listener, id: idOf(notification), deadline });
    this.#timer.startOnce(this.#options.timeoutMs);
    return "";
  }

  /** Never waits: a proxy whose queue is full counts as missing. Returns -errno then. */
  #connect(): number {
    const socket = tryCall(SYS.socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return socket;
    const result = tryBytes(SYS.connect, socket, this.#address, this.#address.length, 0);
    if (result < 0) {
      closeFd(socket);
      return result === -EAGAIN ? -ECONNREFUSED : result;
    }
    this.#socket = socket;
    this.#loop.watch(socket, () => this.#answered());
    return 0;
  }

  #answered(): void {
    while (this.#socket !== NOT_CONNECTED) {
      const received = this.#receive();
      if (typeof received === "number") {
        if (received !== -EAGAIN) this.#proxyLeft(`cannot be read: ${errnoText(-received)}`);
        return;
      }
      closeAll(received.descriptors);
      if (received.bytes.length === 0) this.#proxyLeft("has gone");
      else if (!this.#passOn(received.bytes)) this.#proxyLeft("sent what is no answer");
    }
  }

  #receive(): Received | number {
    try {
      // One more than an answer has, to see one that is too long.
      return tryReceive(this.#socket, proxyMessageSize(this.#sizes) + 1);
    } catch (caught) {
      this.#warn(asLxcError(caught as Error).reason);
      return -EPIPE;
    }
  }

  /** Gives the proxy's answer to the kernel. False when it is none, or one to a call that nobody asked about. */
  #passOn(message: Uint8Array): boolean {
    const response = responseIn(message, this.#sizes);
    if (response === undefined) return false;
    const key = idKey(response);
    const asked = this.#asked.get(key);
    if (asked === undefined) return this.#late.delete(key);
    this.#asked.delete(key);
    const result = tryRespond(asked.listener, response);
    if (result >= 0 || result === -ENOENT) return true;
    this.#fail(asked.listener, asked.id, `the kernel does not take its answer: ${errnoText(-result)}`);
    return true;
  }

  /** Ends the connection; whatever was asked on it gets no answer any more. */
  #proxyLeft(what: string): void {
    if (this.#asked.size > 0) this.#warn(`${this.#options.address} ${what}; ${this.#asked.size} calls fail`);
    this.#failAll();
    this.#disconnect();
  }

  #disconnect(): void {
    this.#late.clear();
    if (this.#socket === NOT_CONNECTED) return;
    this.#loop.forget(this.#socket);
    closeFd(this.#socket);
    this.#socket = NOT_CONNECTED;
  }

  #failAll(): void {
    for (const asked of this.#asked.values()) this.#respondDefault(asked.listener, asked.id);
    this.#asked.clear();
  }

  #giveUpLate(): void {
    let leastMs = -1;
    const late: string[] = [];
    for (const [key, asked] of this.#asked) {
      const leftMs = asked.deadline.leftMs();
      if (leftMs <= 0) late.push(key);
      else if (leastMs < 0 || leftMs < leastMs) leastMs = leftMs;
    }
    for (const key of late) this.#giveUp(key);
    if (this.#late.size > MOST_LATE) this.#proxyLeft("is stuck");
    else if (leastMs > 0) this.#timer.startOnce(leastMs);
  }

  #giveUp(key: string): void {
    const asked = this.#asked.get(key);
    if (asked === undefined) return;
    this.#asked.delete(key);
    this.#late.add(key);
    this.#fail(asked.listener, asked.id, `${this.#options.address} has not answered in ${this.#options.timeoutMs} ms`);
  }

  #fail(listener: number, id: Uint8Array, problem: string): void {
    this.#warn(`a system call fails with ENOSYS: ${problem}`);
    this.#respondDefault(listener, id);
  }

  #respondDefault(listener: number, id: Uint8Array): void {
    const result = tryRespond(listener, defaultResponse(id, this.#sizes));
    // The process may have been killed while its call waited.
    if (result < 0 && result !== -ENOENT) this.#warn(`a system call still waits: ${errnoText(-result)}`);
  }

  #warn(message: string): void {
    this.#options.warn(message);
  }
}

/** sockaddr_un. For an abstract name the kernel counts every byte, and so there is no NUL at its end. */
function socketAddress(address: string): Uint8Array {
  const isAbstract = address.startsWith("@");
  const text = bytesOfText(address);
  if (text.length >= SUN_PATH_LENGTH || !(isAbstract || address.startsWith("/"))) {
    throw new LxcError("config-invalid", `connect to ${address}`, "it is no address of a socket", {
      hint: `write a path that begins with a slash, or @NAME, of fewer than ${SUN_PATH_LENGTH} bytes`,
    });
  }
  const bytes = new Uint8Array(2 + text.length + (isAbstract ? 0 : 1));
  sockaddrUn.family.put(bytes, AF_UNIX);
  bytes.set(text, 2);
  if (isAbstract) bytes[2] = 0;
  return bytes;
}
