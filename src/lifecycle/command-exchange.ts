// One request to the monitor of a running container, ours or LXC's, and its answer.

import { asLxcError, LxcError } from "../base/errors.ts";
import type { Container } from "../container/container.ts";
import { commandSocketOf } from "../container/paths.ts";
import { EAGAIN, ECONNREFUSED, ECONNRESET, EPERM, EPIPE, ETIMEDOUT, errnoText } from "../kernel/abi/errno.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeAll, closeFd } from "../kernel/files.ts";
import { tryConnectAbstract, tryReceive, trySendCredentials } from "../kernel/sockets.ts";
import {
  ANSWER_SIZE,
  type Command,
  type CommandName,
  commandNamed,
  decodeAnswer,
  encodeRequest,
  LONGEST_BODY,
  LONGEST_CONSOLE_LOG,
} from "./command-protocol.ts";
import { monitorPidOf } from "./monitor-process.ts";

/** A monitor answers at once or is stuck. */
export const ANSWER_TIMEOUT_MS = 5000;
const ATTEMPTS = 3;

export const NO_BODY = new Uint8Array(0);
const FIRST_READ = 512;

/** What a monitor said. */
export interface Answer {
  readonly result: number;
  readonly value: number;
  readonly body: Uint8Array;
  /** Ours to close. */
  readonly descriptors: readonly number[];
}

/** A connection to the monitor of `container`, bounded in time. Returns -ECONNREFUSED when nobody listens. */
export function connectTo(container: Container, timeoutMs: number): number {
  return connectToSocket(commandSocketOf(container), timeoutMs);
}

/** The same, for the monitor that listens on the abstract name `socket`. */
export function connectToSocket(socket: string, timeoutMs: number): number {
  try {
    return tryConnectAbstract(socket, timeoutMs);
  } catch (caught) {
    // The list of connections that wait is full: the monitor has not taken one for a long time.
    const error = asLxcError(caught as Error);
    if (error.errno === EAGAIN) return -ETIMEDOUT;
    throw error;
  }
}

/**
 * One command on a connection of its own. Undefined when the container does not run; throws when it may not be asked.
 * A connection that ends without an answer is tried again: only a socket that nobody listens on says "stopped".
 */
export function ask(
  container: Container,
  name: CommandName,
  value: number,
  body: Uint8Array,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Answer | undefined {
  let answer: Answer | undefined;
  for (let attempt = 0; attempt < ATTEMPTS && answer === undefined; attempt++) {
    const fd = connectTo(container, timeoutMs);
    if (fd === -ECONNREFUSED) return undefined;
    if (fd < 0) throw stuck(container);
    try {
      answer = tryExchange(container, fd, commandNamed(name), value, body);
    } finally {
      closeFd(fd);
    }
  }
  // LXC answers -1, which is also -EPERM, for a key that is not set.
  const mayBeUnset = name === "get_config_item";
  if (answer !== undefined && answer.result === -EPERM && !mayBeUnset) throw refusedBy(container, name, -EPERM);
  return answer;
}

/**
 * Sends one request and reads its answer. Undefined when the monitor goes away, which is how a container looks that has
 * just stopped. Without credentials of ours LXC's monitor sees nobody's (65534) in what is sent between its accept and
 * its SO_PASSCRED, and refuses.
 */
export function tryExchange(
  container: Container,
  fd: number,
  command: Command,
  value: number,
  body: Uint8Array,
): Answer | undefined {
  const sent = trySendCredentials(fd, encodeRequest(command, value, body));
  if (sent === -EAGAIN) throw stuck(container);
  return sent < 0 ? undefined : tryAnswer(container, fd, command);
}

/** Reads the answer to what was sent. */
export function tryAnswer(container: Container, fd: number, command: Command): Answer | undefined {
  const first = readFirst(container, fd, command);
  if (first === undefined) return undefined;
  const head = decodeAnswer(first.bytes, command.name === "console_log" ? LONGEST_CONSOLE_LOG : LONGEST_BODY);
  if (head === undefined || first.descriptors.length > command.descriptors) {
    closeAll(first.descriptors);
    throw strange(container, command.name, "its answer has no sense");
  }
  const whole = new Uint8Array(head.bodyLength);
  let length = Math.min(first.bytes.length - ANSWER_SIZE, whole.length);
  whole.set(first.bytes.subarray(ANSWER_SIZE, ANSWER_SIZE + length));
  while (length < whole.length) {
    const got = tryBytes(SYS.recvfrom, fd, whole.subarray(length), whole.length - length, 0);
    if (got === -EAGAIN) throw stuck(container);
    if (got <= 0) return undefined;
    length += got;
  }
  return { result: head.result, value: head.value, body: whole, descriptors: first.descriptors };
}

interface FirstRead {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
}

/** The head of the answer, its descriptors, and as much of its body as came along. */
function readFirst(container: Container, fd: number, command: Command): FirstRead | undefined {
  let bytes = new Uint8Array(0);
  let descriptors: number[] = [];
  while (bytes.length < ANSWER_SIZE) {
    const received = command.descriptors > 0 ? tryReceive(fd, FIRST_READ) : tryReceiveBytes(fd);
    if (typeof received === "number") {
      if (received === -EAGAIN) throw stuck(container);
      return undefined;
    }
    if (received.bytes.length === 0) return undefined;
    descriptors = descriptors.concat(received.descriptors);
    const longer = new Uint8Array(bytes.length + received.bytes.length);
    longer.set(bytes);
    longer.set(received.bytes, bytes.length);
    bytes = longer;
  }
  return { bytes, descriptors };
}

/** The kernel drops descriptors that come with it: there is no room for any. */
function tryReceiveBytes(fd: number): FirstRead | number {
  const bytes = new Uint8Array(FIRST_READ);
  const got = tryBytes(SYS.recvfrom, fd, bytes, bytes.length, 0);
  if (got === -ECONNRESET || got === -EPIPE) return { bytes: NO_BODY, descriptors: [] };
  return got < 0 ? got : { bytes: bytes.subarray(0, got), descriptors: [] };
}

/** For a monitor that says no. */
export function refusedBy(container: Container, name: CommandName, result: number): LxcError {
  const errno = Math.max(0, -result);
  const mine = errno === EPERM;
  return new LxcError(
    mine ? "not-permitted" : "syscall-failed",
    `ask the monitor of ${container.name} (${name})`,
    mine ? "it belongs to another user" : errnoText(errno),
    { errno, hint: mine ? "be root or the user who started the container" : "" },
  );
}

/** For an answer that no monitor gives. */
export function strange(container: Container, name: CommandName, reason: string): LxcError {
  return new LxcError("unsupported", `ask the monitor of ${container.name} (${name})`, reason, {
    hint: "the process that listens on the container's command socket may not be LXC; see /proc/net/unix",
  });
}

/** For a monitor that lives and does not answer. */
export function stuck(container: Container): LxcError {
  const pid = monitorPidOf(commandSocketOf(container));
  const hint =
    pid === undefined
      ? "a process of another user or network namespace listens for it; see /proc/net/unix"
      : `the monitor is process ${pid}: it runs a hook, or it is stopped (kill -CONT ${pid}); lxc-stop -k ends it and its container`;
  return new LxcError("timed-out", `ask the monitor of ${container.name}`, "it does not answer", {
    errno: ETIMEDOUT,
    hint,
  });
}
