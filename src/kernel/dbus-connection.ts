// A connection to a message bus, or to one program that speaks its language. Runs in tools and in a start.

import { Deadline } from "../base/deadline.ts";
import { LxcError } from "../base/errors.ts";
import { EPIPE } from "./abi/errno.ts";
import { AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_STREAM, SUN_PATH_LENGTH, sockaddrUn } from "./abi/socket.ts";
import { SYS } from "./abi/syscalls.ts";
import { call as callKernel, refused, tryBytes } from "./call.ts";
import {
  type DbusCall,
  type DbusMessage,
  DbusReader,
  DbusWriter,
  decodeMessage,
  ERROR,
  encodeCall,
  HEAD_SIZE,
  hexByte,
  METHOD_RETURN,
  messageLength,
  SIGNAL,
} from "./dbus.ts";
import { closeFd } from "./files.ts";
import { bytesOfText } from "./memory.ts";
import { effectiveUser } from "./process.ts";
import { setTimeouts } from "./sockets.ts";
import { POLLIN, waitFor } from "./waiting.ts";

const CHUNK = 4096;
const LONGEST_LINE = 512;
const BUS = "org.freedesktop.DBus";
const BUS_PATH = "/org/freedesktop/DBus";

/** The answer to a call: its arguments, or the name of an error. */
export interface DbusAnswer {
  /** Such as `org.freedesktop.DBus.Error.ServiceUnknown`; "" when it went well. */
  readonly error: string;
  /** What the other side says of its error. */
  readonly text: string;
  readonly message: DbusMessage;
}

/** All that is sent and received takes at most the time that the connection was opened with. */
export class DbusConnection {
  readonly #fd: number;
  readonly #deadline: Deadline;
  #serial = 0;
  #received = new Uint8Array(0);
  #signals: DbusMessage[] = [];

  /** Takes over `fd`, a connected socket. */
  constructor(fd: number, timeoutMs: number) {
    this.#fd = fd;
    this.#deadline = new Deadline(timeoutMs);
    setTimeouts(fd, timeoutMs);
  }

  /** Says who we are, which the other side compares with what the kernel says (EXTERNAL). Throws when it refuses. */
  authenticate(): void {
    this.#send(bytesOfText(`\0AUTH EXTERNAL ${hexOf(String(effectiveUser()))}\r\n`));
    const line = this.#line();
    if (!line.startsWith("OK ")) {
      const reason = `it answered ${line === "" ? "nothing" : line.slice(0, LONGEST_LINE)}`;
      throw new LxcError("not-permitted", "log in to the message bus", reason);
    }
    this.#send(bytesOfText("BEGIN\r\n"));
  }

  /** The first call on a bus, which gives us a name there, and a wish to be told of signals that `rule` describes. */
  joinBus(rule: string): void {
    const hello = this.call(busCall("Hello", "", new Uint8Array(0)));
    if (hello.error !== "") throw failed("say hello to the message bus", hello);
    const match = this.call(busCall("AddMatch", "s", new DbusWriter().text(rule).bytes()));
    if (match.error !== "") throw failed("listen to the message bus", match);
  }

  /** Calls a method and waits for its answer. Signals that come meanwhile are kept for `nextSignal`. */
  call(call: DbusCall): DbusAnswer {
    this.#serial++;
    const serial = this.#serial;
    this.#send(encodeCall(serial, call));
    for (;;) {
      const message = this.#message();
      if (message.type === SIGNAL) this.#signals.push(message);
      if (message.replySerial !== serial) continue;
      if (message.type === METHOD_RETURN) return { error: "", text: "", message };
      if (message.type === ERROR) return { error: message.errorName, text: firstText(message), message };
    }
  }

  /** The next signal, of any kind. */
  nextSignal(): DbusMessage {
    const kept = this.#signals.shift();
    if (kept !== undefined) return kept;
    for (;;) {
      const message = this.#message();
      if (message.type === SIGNAL) return message;
    }
  }

  close(): void {
    closeFd(this.#fd);
  }

  #send(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const sent = tryBytes(SYS.sendto, this.#fd, bytes.subarray(at), bytes.length - at, MSG_NOSIGNAL);
      if (sent < 0) throw refused("send to the message bus", "sendto", sent);
      at += sent;
    }
  }

  #message(): DbusMessage {
    this.#fill(HEAD_SIZE);
    const length = messageLength(this.#received.subarray(0, HEAD_SIZE));
    this.#fill(length);
    const bytes = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return decodeMessage(bytes);
  }

  /** A line of the time before messages, without its end. */
  #line(): string {
    for (let at = 0; at < LONGEST_LINE; at++) {
      this.#fill(at + 1);
      if (this.#received[at] !== 10) continue;
      const line = new TextDecoder().decode(this.#received.subarray(0, at));
      this.#received = this.#received.slice(at + 1);
      return line.trim();
    }
    return "";
  }

  /** Reads until there are at least `count` bytes. */
  #fill(count: number): void {
    while (this.#received.length < count) {
      if (!waitFor(this.#fd, POLLIN, this.#deadline.leftMs())) {
        throw new LxcError("timed-out", "hear from the message bus", "it did not answer in time");
      }
      const bytes = new Uint8Array(CHUNK);
      const got = tryBytes(SYS.read, this.#fd, bytes, bytes.length, 0);
      if (got <= 0) throw refused("hear from the message bus", "read", got === 0 ? -EPIPE : got);
      const all = new Uint8Array(this.#received.length + got);
      all.set(this.#received);
      all.set(bytes.subarray(0, got), this.#received.length);
      this.#received = all;
    }
  }
}

/** A connected socket on the path `path`, or -errno. */
export function tryConnectPath(path: string): number {
  const text = bytesOfText(path);
  const fd = callKernel("make a socket", "socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const address = new Uint8Array(sockaddrUn.size);
  sockaddrUn.family.put(address, AF_UNIX);
  // The kernel wants room for a NUL behind the path.
  if (text.length < SUN_PATH_LENGTH) sockaddrUn.path.put(address, text);
  const result = tryBytes(SYS.connect, fd, address, address.length, 0);
  if (result >= 0) return fd;
  closeFd(fd);
  return result;
}

export function failed(doing: string, answer: DbusAnswer): LxcError {
  const text = answer.text === "" ? "" : `: ${answer.text}`;
  return new LxcError("not-permitted", doing, `${answer.error}${text}`);
}

/** A call of a method of the bus itself. */
function busCall(member: string, signature: string, body: Uint8Array): DbusCall {
  return { destination: BUS, path: BUS_PATH, interface: BUS, member, signature, body };
}

function firstText(message: DbusMessage): string {
  return message.signature.startsWith("s") ? new DbusReader(message.body).text() : "";
}

function hexOf(text: string): string {
  let hex = "";
  for (const byte of bytesOfText(text)) hex += hexByte(byte);
  return hex;
}
