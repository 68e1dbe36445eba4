// Unix sockets: pairs, abstract names, and descriptors and credentials that travel with messages.

import { LxcError } from "../base/errors.ts";
import { EADDRINUSE, ECONNREFUSED, ECONNRESET, ENOENT, EPIPE } from "./abi/errno.ts";
import {
  AF_UNIX,
  cmsghdr,
  fdPair,
  iovec,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_TRUNC,
  msghdr,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SO_PEERCRED,
  SO_RCVTIMEO,
  SO_SNDBUFFORCE,
  SO_SNDTIMEO,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  SUN_PATH_LENGTH,
  sockaddrUn,
  timeval,
  ucred,
} from "./abi/socket.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, refused, tryBytes, tryCall, tryNumbers, tryOption } from "./call.ts";
import { bytesOfText, Pins } from "./memory.ts";

/** As many descriptors as one message may bring us; the kernel's own limit is 253. */
export const MOST_DESCRIPTORS = 64;

export interface SocketPair {
  readonly left: number;
  readonly right: number;
}

/** Who is at the other end. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What came in one receive. */
export interface Received {
  /** Nothing when the other side has closed. */
  readonly bytes: Uint8Array;
  /** Close-on-exec, and now ours to close. */
  readonly descriptors: readonly number[];
}

const NOTHING = new Uint8Array(1);
const numbers = new Layout();
const int = numbers.i32();

/** Two connected sockets that keep message boundaries. */
export function socketPair(): SocketPair {
  const bytes = new Uint8Array(fdPair.size);
  call("make a socket pair", "socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bytes);
  return { left: fdPair.left.get(bytes), right: fdPair.right.get(bytes) };
}

/** The address of an abstract socket: a NUL, then the name, with no NUL at the end (unix(7)). */
function abstractAddress(name: string): Uint8Array {
  const text = bytesOfText(name);
  if (text.length > SUN_PATH_LENGTH - 1) throw new LxcError("bug", "name a socket", `${name} is too long`);
  const bytes = new Uint8Array(2 + 1 + text.length);
  sockaddrUn.family.put(bytes, AF_UNIX);
  bytes.set(text, 3);
  return bytes;
}

/** The address of a socket in the file system. */
export function pathAddress(path: string): Uint8Array {
  const text = bytesOfText(path);
  if (text.length >= SUN_PATH_LENGTH) throw new LxcError("bug", "name a socket", `${path} is too long`);
  const bytes = new Uint8Array(2 + text.length + 1);
  sockaddrUn.family.put(bytes, AF_UNIX);
  bytes.set(text, 2);
  return bytes;
}

/** Listens on an abstract name. Returns -EADDRINUSE when another process does already. */
export function tryListenAbstract(name: string): number {
  const fd = call("make a socket", "socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const address = abstractAddress(name);
  let result = tryBytes(SYS.bind, fd, address, address.length, 0);
  if (result >= 0) result = tryNumbers(SYS.listen, fd, 100, 0);
  if (result >= 0) return fd;
  tryNumbers(SYS.close, fd, 0, 0);
  if (result !== -EADDRINUSE) throw refused(`listen on @${name}`, "bind", result);
  return result;
}

/** Connects to an abstract name. Returns -ECONNREFUSED when nobody listens. */
export function tryConnectAbstract(name: string, timeoutMs: number): number {
  const fd = tryNumbers(SYS.socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw refused("make a socket", "socket", fd);
  if (timeoutMs > 0) setTimeouts(fd, timeoutMs);
  const address = abstractAddress(name);
  const result = tryBytes(SYS.connect, fd, address, address.length, 0);
  if (result >= 0) return fd;
  tryNumbers(SYS.close, fd, 0, 0);
  if (result === -ECONNREFUSED || result === -ENOENT) return -ECONNREFUSED;
  throw refused(`connect to @${name}`, "connect", result);
}

/** Bounds every receive and send on `fd`, so that a peer that is stuck cannot make us stuck. */
export function setTimeouts(fd: number, timeoutMs: number): void {
  if (timeoutMs !== limitMs) {
    timeval.seconds.put(limit, Math.floor(timeoutMs / 1000));
    timeval.microseconds.put(limit, (timeoutMs % 1000) * 1000);
    limitMs = timeoutMs;
  }
  limitBy(fd, SO_RCVTIMEO, limit);
  limitBy(fd, SO_SNDTIMEO, limit);
}

/** Mostly the one before: nearly all connections are to monitors. */
const limit = new Uint8Array(timeval.size);
let limitMs = 0;

function limitBy(fd: number, option: number, bytes: Uint8Array): void {
  const result = tryOption(SYS.setsockopt, fd, SOL_SOCKET, option, bytes);
  if (result < 0) throw refused("set a time limit", "setsockopt", result);
}

/** Lets so many bytes wait on `fd` for their reader, beyond what the host allows everybody, if we may do that. */
export function growSendBuffer(fd: number, sizeBytes: number): void {
  const bytes = new Uint8Array(4);
  int.put(bytes, sizeBytes);
  tryCall(SYS.setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes, bytes.length);
}

/** The next connection, non-blocking. Returns -EAGAIN when there is none. */
export function tryAccept(fd: number): number {
  return tryCall(SYS.accept4, fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/** Who connected, as the kernel recorded it at connect (SO_PEERCRED): it cannot be forged. */
export function peerCredentials(fd: number): Credentials {
  const bytes = new Uint8Array(ucred.size);
  const length = new Uint8Array(4);
  int.put(length, bytes.length);
  call("ask who connected", "getsockopt", fd, SOL_SOCKET, SO_PEERCRED, bytes, length);
  return { pid: ucred.pid.get(bytes), uid: ucred.uid.get(bytes), gid: ucred.gid.get(bytes) };
}

/** Sends one message with descriptors. Returns the number of bytes, or -errno; never raises SIGPIPE. */
export function trySend(fd: number, bytes: Uint8Array, descriptors: readonly number[]): number {
  if (descriptors.length === 0) return tryBytes(SYS.sendto, fd, bytes, bytes.length, MSG_NOSIGNAL);
  const control = new Uint8Array(roundUp(cmsghdr.size + 4 * descriptors.length));
  cmsghdr.length.put(control, cmsghdr.size + 4 * descriptors.length);
  cmsghdr.level.put(control, SOL_SOCKET);
  cmsghdr.type.put(control, SCM_RIGHTS);
  for (let i = 0; i < descriptors.length; i++) {
    const at = cmsghdr.size + 4 * i;
    int.put(control.subarray(at, at + 4), descriptors[i]!);
  }
  return sendWith(fd, bytes, control);
}

/** Sends one message with our own credentials, as LXC's clients do. Returns the number of bytes, or -errno. */
export function trySendCredentials(fd: number, bytes: Uint8Array): number {
  return new CredentialsMessage(bytes).trySend(fd);
}

/** A message with our own credentials, for one or many. */
export class CredentialsMessage {
  readonly #pins = new Pins();
  readonly #message: Uint8Array;

  constructor(bytes: Uint8Array) {
    const control = new Uint8Array(roundUp(cmsghdr.size + ucred.size));
    cmsghdr.length.put(control, cmsghdr.size + ucred.size);
    cmsghdr.level.put(control, SOL_SOCKET);
    cmsghdr.type.put(control, SCM_CREDENTIALS);
    const own = control.subarray(cmsghdr.size, cmsghdr.size + ucred.size);
    ucred.pid.put(own, tryNumbers(SYS.getpid, 0, 0, 0));
    ucred.uid.put(own, tryNumbers(SYS.geteuid, 0, 0, 0));
    ucred.gid.put(own, tryNumbers(SYS.getegid, 0, 0, 0));
    this.#message = messageFor(this.#pins, bytes, control);
  }

  /** Returns the number of bytes, or -errno; never raises SIGPIPE. */
  trySend(fd: number): number {
    const result = tryBytes(SYS.sendmsg, fd, this.#message, MSG_NOSIGNAL, 0);
    return this.#pins.count() > 0 ? result : 0;
  }
}

function sendWith(fd: number, bytes: Uint8Array, control: Uint8Array): number {
  const pins = new Pins();
  const message = messageFor(pins, bytes, control);
  const result = tryBytes(SYS.sendmsg, fd, message, MSG_NOSIGNAL, 0);
  return pins.count() > 0 ? result : 0;
}

/** Sends one message. Throws when the other side has gone. */
export function sendMessage(fd: number, bytes: Uint8Array, descriptors: readonly number[] = []): void {
  const result = trySend(fd, bytes, descriptors);
  if (result < 0) throw refused("send a message", "sendmsg", result);
}

/**
 * Waits for the next message on a socket that keeps messages apart, and returns how many bytes it has, at most `most`: room for the
 * longest would be pages that are touched for a word. On a failure `most`: whoever receives is told.
 */
export function nextLength(fd: number, most: number): number {
  const length = tryBytes(SYS.recvfrom, fd, NOTHING, 0, MSG_PEEK | MSG_TRUNC);
  return length < 0 ? most : Math.min(length, most);
}

/** The next message of at most `most` bytes. A side that has gone counts as closed; throws on every other failure. */
export function receiveMessage(fd: number, most: number): Received {
  const received = tryReceive(fd, most);
  if (typeof received === "number") throw refused("receive a message", "recvmsg", received);
  return received;
}

/** The next message, or -errno. Descriptors beyond `MOST_DESCRIPTORS` are refused by the kernel, not leaked. */
export function tryReceive(fd: number, most: number): Received | number {
  const bytes = new Uint8Array(most);
  const control = new Uint8Array(256 + 4 * MOST_DESCRIPTORS);
  const pins = new Pins();
  const message = messageFor(pins, bytes, control);
  let length = tryBytes(SYS.recvmsg, fd, message, MSG_CMSG_CLOEXEC, 0);
  // Who closes with something unread leaves this error, once, in front of the messages that it had sent.
  if (length === -ECONNRESET) length = tryBytes(SYS.recvmsg, fd, message, MSG_CMSG_CLOEXEC, 0);
  if (length === -ECONNRESET || length === -EPIPE) length = 0;
  if (length < 0 || pins.count() === 0) return length;
  const descriptors = descriptorsIn(control.subarray(0, msghdr.controlLength.get(message)));
  if ((msghdr.flags.get(message) & MSG_CTRUNC) !== 0) {
    for (let i = 0; i < descriptors.length; i++) tryNumbers(SYS.close, descriptors[i]!, 0, 0);
    throw new LxcError("not-permitted", "receive a message", "it carries more descriptors than we accept");
  }
  return { bytes: bytes.subarray(0, length), descriptors };
}

/** What came into a buffer of the caller's. */
export interface ReceivedInto {
  /** 0 when the other side has closed, -errno on a failure. */
  readonly length: number;
  /** Close-on-exec, and now ours to close; -1 when none came. */
  readonly descriptor: number;
}

/** What has come, as much as there is room for. Of descriptors the first is taken; the kernel lets go of all others. */
export function tryReceiveInto(fd: number, room: Uint8Array): ReceivedInto {
  const control = new Uint8Array(cmsghdr.size + 4);
  const pins = new Pins();
  const message = messageFor(pins, room, control);
  const length = tryBytes(SYS.recvmsg, fd, message, MSG_CMSG_CLOEXEC, 0);
  if (length < 0 || pins.count() === 0) return { length, descriptor: -1 };
  const descriptors = descriptorsIn(control.subarray(0, msghdr.controlLength.get(message)));
  return { length, descriptor: descriptors.length > 0 ? descriptors[0]! : -1 };
}

function messageFor(pins: Pins, bytes: Uint8Array, control: Uint8Array): Uint8Array {
  const vector = new Uint8Array(iovec.size);
  pins.point(vector, iovec.base, bytes);
  iovec.length.put(vector, bytes.length);
  const message = new Uint8Array(msghdr.size);
  pins.point(message, msghdr.iov, vector);
  msghdr.iovLength.put(message, 1);
  pins.point(message, msghdr.control, control);
  msghdr.controlLength.put(message, control.length);
  return message;
}

/** The descriptors of every SCM_RIGHTS part. */
function descriptorsIn(control: Uint8Array): number[] {
  const found: number[] = [];
  let at = 0;
  while (at + cmsghdr.size <= control.length) {
    const part = control.subarray(at);
    const length = cmsghdr.length.get(part);
    if (length < cmsghdr.size || length > part.length) break;
    if (cmsghdr.level.get(part) === SOL_SOCKET && cmsghdr.type.get(part) === SCM_RIGHTS) {
      for (let i = cmsghdr.size; i + 4 <= length; i += 4) found.push(int.get(part.subarray(i, i + 4)));
    }
    at += roundUp(length);
  }
  return found;
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}
