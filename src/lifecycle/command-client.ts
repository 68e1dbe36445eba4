// Asking the monitor of a running container, ours or LXC's. Runs in every tool.

import { asLxcError, LxcError } from "../base/errors.ts";
import type { Container } from "../container/container.ts";
import { commandSocketOf } from "../container/paths.ts";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { EAGAIN, ECONNREFUSED, ECONNRESET, ENODATA, EPERM, EPIPE, ETIMEDOUT, errnoText } from "../kernel/abi/errno.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { cString, textOf } from "../kernel/memory.ts";
import { setTimeouts, tryConnectAbstract, tryReceive, trySend, trySendCredentials } from "../kernel/sockets.ts";
import {
  ANSWER_SIZE,
  type CgroupContext,
  type CgroupHandle,
  CONTEXT_SIZE,
  type Command,
  type CommandName,
  type ConsoleLogRequest,
  commandNamed,
  decodeAnswer,
  decodeCgroupContext,
  decodeCgroupHandle,
  decodeStateMessage,
  encodeConsoleLog,
  encodeController,
  encodeMask,
  encodeRequest,
  LONGEST_BODY,
  LONGEST_CONSOLE_LOG,
  MESSAGE_SIZE,
  NO_STATE,
  type StateMask,
} from "./command-protocol.ts";
import { encodeDeviceRules } from "./device-rules.ts";
import { monitorPidOf } from "./monitor-process.ts";
import { type State, stateOfNumber } from "./states.ts";

/** A monitor answers at once or is stuck. */
const ANSWER_TIMEOUT_MS = 5000;
const ATTEMPTS = 3;

const NO_BODY = new Uint8Array(0);
const FIRST_READ = 512;

/** What a monitor said. */
interface Answer {
  readonly result: number;
  readonly value: number;
  readonly body: Uint8Array;
  /** Ours to close. */
  readonly descriptors: readonly number[];
}

/** A connection that tells of the next state that is waited for, or the state that is already so. */
export interface StateClient {
  /** -1 when `state` is known; closing it ends the wait. */
  readonly fd: number;
  readonly state: State | undefined;
}

/** A terminal of a running container, which is ours until `connection` is closed. */
export interface TtyGrant {
  readonly number: number;
  /** The terminal's master. */
  readonly fd: number;
  readonly connection: number;
}

/** A connection to the monitor of `container`, bounded in time. Returns -ECONNREFUSED when nobody listens. */
export function connectTo(container: Container, timeoutMs: number): number {
  return connectToSocket(commandSocketOf(container), timeoutMs);
}

function connectToSocket(socket: string, timeoutMs: number): number {
  try {
    return tryConnectAbstract(socket, timeoutMs);
  } catch (caught) {
    // The list of connections that wait is full: the monitor has not taken one for a long time.
    const error = asLxcError(caught as Error);
    if (error.errno === EAGAIN) return -ETIMEDOUT;
    throw error;
  }
}

/** The state, STOPPED when nobody listens. Throws `timed-out` when the monitor is stuck. */
export function stateOf(container: Container): State {
  const answer = ask(container, "get_state", 0, NO_BODY);
  if (answer === undefined) return "STOPPED";
  const state = stateOfNumber(answer.value);
  if (state === undefined) throw strange(container, "get_state", `it says state ${answer.value}, which there is not`);
  return state;
}

/** The first process's pid, as seen from here; undefined when the container does not run. */
export function initPidOf(container: Container): number | undefined {
  const answer = ask(container, "get_init_pid", 0, NO_BODY);
  return answer === undefined || answer.value <= 0 ? undefined : answer.value;
}

/** A pidfd of the first process, ours to close; undefined when the container does not run or the monitor has none. */
export function initPidfdOf(container: Container): number | undefined {
  return descriptorFrom(container, "get_init_pidfd");
}

/** The CLONE_NEW* flags the container was made with; undefined when it does not run. */
export function cloneFlagsOf(container: Container): number | undefined {
  return ask(container, "get_clone_flags", 0, NO_BODY)?.value;
}

/** The path of the container's cgroup in the hierarchy of `controller` ("" for any), from that hierarchy's root. */
export function cgroupPathOf(container: Container, controller: string): string | undefined {
  return textFrom(container, "get_cgroup", controller);
}

/** Like `cgroupPathOf`, for the cgroup that has the limits. */
export function limitCgroupPathOf(container: Container, controller: string): string | undefined {
  return textFrom(container, "get_limit_cgroup", controller);
}

/** The value of `key` in the running container, lines for a list; undefined when it has none or does not run. */
export function configItemOf(container: Container, key: string): string | undefined {
  return textFrom(container, "get_config_item", key);
}

/** The name of the container whose monitor listens on the abstract name `socket`. */
export function nameOf(socket: string): string | undefined {
  return textFromSocket(socket, "get_name");
}

/** The container path of the container whose monitor listens on the abstract name `socket`. */
export function lxcpathOf(socket: string): string | undefined {
  return textFromSocket(socket, "get_lxcpath");
}

/** Asks to be told of one of the states of `wanted`. Undefined when the container does not run. */
export function addStateClient(container: Container, wanted: StateMask): StateClient | undefined {
  const fd = connectTo(container, ANSWER_TIMEOUT_MS);
  if (fd === -ECONNREFUSED) return undefined;
  if (fd < 0) throw stuck(container);
  const answer = tryExchange(container, fd, commandNamed("add_state_client"), 0, encodeMask(wanted));
  if (answer === undefined) {
    closeFd(fd);
    return undefined;
  }
  if (answer.value === NO_STATE) return { fd, state: undefined };
  closeFd(fd);
  const state = stateOfNumber(answer.value);
  if (answer.result < 0 || state === undefined) throw refusedBy(container, "add_state_client", answer.result);
  return { fd: -1, state };
}

/**
 * The state that a state client is told of. Undefined when `timeoutMs` passes first (negative: never), and STOPPED when
 * the monitor goes away without a word.
 */
export function receiveState(client: number, timeoutMs: number): State | undefined {
  setTimeouts(client, Math.max(0, timeoutMs));
  if (timeoutMs === 0) return undefined;
  const bytes = new Uint8Array(MESSAGE_SIZE);
  let length = 0;
  while (length < bytes.length) {
    const got = tryBytes("recvfrom", client, bytes.subarray(length), bytes.length - length, 0);
    if (got === -EAGAIN) return undefined;
    if (got <= 0) return "STOPPED";
    length += got;
  }
  return decodeStateMessage(bytes);
}

/** Has the monitor tell everyone who waits that the state is `number` now, as LXC's own freezer does. False when it does not run. */
export function serveStateClients(container: Container, number: number): boolean {
  return ask(container, "serve_state_clients", number, NO_BODY) !== undefined;
}

/**
 * Freezes through the monitor, which may take `timeoutS`. Returns 0, -errno of the monitor (-ENOENT where LXC leaves it
 * to its clients), or -ECONNREFUSED when the container does not run.
 */
export function freezeOf(container: Container, timeoutS: number): number {
  return order(container, "freeze", timeoutS);
}

/** Thaws through the monitor, like `freezeOf`. */
export function unfreezeOf(container: Container, timeoutS: number): number {
  return order(container, "unfreeze", timeoutS);
}

/**
 * Puts device rules behind those in force, all at once. Returns 0, -errno of the monitor (-EINVAL from LXC's for more than
 * one rule), or -ECONNREFUSED when the container does not run.
 */
export function addDevicesOf(container: Container, rules: readonly DeviceRule[]): number {
  return ask(container, "add_bpf_device_cgroup", 0, encodeDeviceRules(rules))?.result ?? -ECONNREFUSED;
}

/**
 * Has the monitor serve the calls that arrive at `listener` too, which stays ours to close. Returns 0, -errno of the monitor
 * (-EINVAL when it serves none), or -ECONNREFUSED when the container does not run.
 */
export function addSeccompListenerOf(container: Container, listener: number): number {
  const fd = connectTo(container, ANSWER_TIMEOUT_MS);
  if (fd < 0) return fd;
  const command = commandNamed("seccomp_notify_add_listener");
  try {
    let sent = trySendCredentials(fd, encodeRequest(command, listener, NO_BODY));
    if (sent >= 0) sent = trySend(fd, new Uint8Array(1), [listener]);
    if (sent < 0) return sent;
    return tryAnswer(container, fd, command)?.result ?? -ECONNREFUSED;
  } finally {
    closeFd(fd);
  }
}

/** The scope that the service manager of the user who started it made for the container. */
export function systemdScopeOf(container: Container): string | undefined {
  return textFrom(container, "get_systemd_scope", "");
}

/** The folder of the container's cgroup on a host that has only version 2; ours to close. */
export function cgroup2FdOf(container: Container): number | undefined {
  return descriptorFrom(container, "get_cgroup2_fd");
}

/** The folder, in the same way, of the cgroup that has the limits. */
export function limitCgroup2FdOf(container: Container): number | undefined {
  return descriptorFrom(container, "get_limit_cgroup2_fd");
}

/** The folders of the container's cgroups in every hierarchy; ours to close. */
export function cgroupContextOf(container: Container): CgroupContext | undefined {
  // The length says which version of the struct we know.
  const answer = ask(container, "get_cgroup_ctx", 0, new Uint8Array(CONTEXT_SIZE));
  return answer === undefined ? undefined : decodeCgroupContext(answer.body, answer.descriptors);
}

/** The folder of the cgroup that has the limits of `controller`; ours to close. */
export function limitCgroupFdOf(container: Container, controller: string): CgroupHandle | undefined {
  const answer = ask(container, "get_limit_cgroup_fd", 0, encodeController(controller));
  const fd = answer?.descriptors[0];
  return answer === undefined || fd === undefined ? undefined : decodeCgroupHandle(answer.body, fd);
}

/** The terminal `tty` (0 the console, -1 any that is free); undefined when it is taken or the container does not run. */
export function ttyFdOf(container: Container, tty: number): TtyGrant | undefined {
  const connection = connectTo(container, ANSWER_TIMEOUT_MS);
  if (connection === -ECONNREFUSED) return undefined;
  if (connection < 0) throw stuck(container);
  const answer = tryExchange(container, connection, commandNamed("get_tty_fd"), tty, NO_BODY);
  const fd = answer?.descriptors[0];
  if (answer !== undefined && answer.result >= 0 && fd !== undefined) return { number: answer.value, fd, connection };
  closeFd(connection);
  if (answer !== undefined && answer.result === -EPERM) throw refusedBy(container, "get_tty_fd", answer.result);
  return undefined;
}

/**
 * What the container's console has said, as its buffer has it; what is read goes from there. Undefined when it does not run,
 * or keeps none.
 */
export function consoleLogOf(container: Container, request: ConsoleLogRequest): Uint8Array | undefined {
  const answer = ask(container, "console_log", 0, encodeConsoleLog(request));
  if (answer === undefined || (answer.result < 0 && answer.result !== -ENODATA)) return undefined;
  return answer.body;
}

/**
 * Has the monitor end the container by `lxc.signal.stop`, and waits until its monitor lets go of us. Returns 0 then and
 * when it did not run, -ETIMEDOUT when it takes longer, or the -errno with which the monitor refuses.
 */
export function stopOf(container: Container, timeoutMs: number): number {
  const fd = connectTo(container, timeoutMs);
  if (fd === -ECONNREFUSED) return 0;
  if (fd < 0) return fd;
  try {
    const sent = trySendCredentials(fd, encodeRequest(commandNamed("stop"), 0, NO_BODY));
    if (sent < 0) return sent === -EAGAIN ? -ETIMEDOUT : 0;
    const bytes = new Uint8Array(ANSWER_SIZE);
    const got = tryBytes("recvfrom", fd, bytes, bytes.length, 0);
    if (got === -EAGAIN) return -ETIMEDOUT;
    const head = got > 0 ? decodeAnswer(bytes.subarray(0, got)) : undefined;
    return head === undefined ? 0 : head.result;
  } finally {
    closeFd(fd);
  }
}

/**
 * One command on a connection of its own. Undefined when the container does not run; throws when it may not be asked.
 * A connection that ends without an answer is tried again: only a socket that nobody listens on says "stopped".
 */
function ask(
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

/** An order that the monitor carries out for at most `timeoutS` before it answers. */
function order(container: Container, name: CommandName, timeoutS: number): number {
  const answer = ask(container, name, timeoutS, NO_BODY, timeoutS < 0 ? 0 : timeoutS * 1000 + ANSWER_TIMEOUT_MS);
  return answer === undefined ? -ECONNREFUSED : Math.min(0, answer.result);
}

function textFrom(container: Container, name: CommandName, asked: string): string | undefined {
  const answer = ask(container, name, 0, asked === "" ? NO_BODY : cString(asked));
  return answer === undefined || answer.result < 0 || answer.body.length === 0 ? undefined : textOf(answer.body);
}

function textFromSocket(socket: string, name: CommandName): string | undefined {
  const fd = connectToSocket(socket, ANSWER_TIMEOUT_MS);
  if (fd < 0) return undefined;
  try {
    const answer = tryExchange({ name: socket, lxcpath: "" }, fd, commandNamed(name), 0, NO_BODY);
    return answer === undefined || answer.result < 0 || answer.body.length === 0 ? undefined : textOf(answer.body);
  } finally {
    closeFd(fd);
  }
}

function descriptorFrom(container: Container, name: CommandName): number | undefined {
  return ask(container, name, 0, NO_BODY)?.descriptors[0];
}

/**
 * Sends one request and reads its answer. Undefined when the monitor goes away, which is how a container looks that has
 * just stopped. Without credentials of ours LXC's monitor sees nobody's (65534) in what is sent between its accept and
 * its SO_PASSCRED, and refuses.
 */
function tryExchange(
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
function tryAnswer(container: Container, fd: number, command: Command): Answer | undefined {
  const first = readFirst(container, fd, command);
  if (first === undefined) return undefined;
  const head = decodeAnswer(first.bytes, command.name === "console_log" ? LONGEST_CONSOLE_LOG : LONGEST_BODY);
  if (head === undefined || first.descriptors.length > command.descriptors) {
    for (const descriptor of first.descriptors) closeFd(descriptor);
    throw strange(container, command.name, "its answer has no sense");
  }
  const whole = new Uint8Array(head.bodyLength);
  let length = Math.min(first.bytes.length - ANSWER_SIZE, whole.length);
  whole.set(first.bytes.subarray(ANSWER_SIZE, ANSWER_SIZE + length));
  while (length < whole.length) {
    const got = tryBytes("recvfrom", fd, whole.subarray(length), whole.length - length, 0);
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
  const got = tryBytes("recvfrom", fd, bytes, bytes.length, 0);
  if (got === -ECONNRESET || got === -EPIPE) return { bytes: NO_BODY, descriptors: [] };
  return got < 0 ? got : { bytes: bytes.subarray(0, got), descriptors: [] };
}

function refusedBy(container: Container, name: CommandName, result: number): LxcError {
  const errno = Math.max(0, -result);
  const mine = errno === EPERM;
  return new LxcError(
    mine ? "not-permitted" : "syscall-failed",
    `ask the monitor of ${container.name} (${name})`,
    mine ? "it belongs to another user" : errnoText(errno),
    { errno, hint: mine ? "be root or the user who started the container" : "" },
  );
}

function strange(container: Container, name: CommandName, reason: string): LxcError {
  return new LxcError("unsupported", `ask the monitor of ${container.name} (${name})`, reason, {
    hint: "the process that listens on the container's command socket may not be LXC; see /proc/net/unix",
  });
}

/** For a monitor that lives and does not answer. */
function stuck(container: Container): LxcError {
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
