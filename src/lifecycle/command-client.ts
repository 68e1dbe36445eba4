// What can be asked of the monitor of a running container, ours or LXC's, and told to it. Runs in every tool.

import { plain } from "../base/number.ts";
import type { Container } from "../container/container.ts";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { EAGAIN, ECONNREFUSED, ENODATA, EPERM, ETIMEDOUT } from "../kernel/abi/errno.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { cString, textOf } from "../kernel/memory.ts";
import { setTimeouts, trySend, trySendCredentials } from "../kernel/sockets.ts";
import {
  ANSWER_TIMEOUT_MS,
  ask,
  connectTo,
  connectToSocket,
  NO_BODY,
  refusedBy,
  strange,
  stuck,
  tryAnswer,
  tryExchange,
} from "./command-exchange.ts";
import {
  ANSWER_SIZE,
  type CgroupContext,
  type CgroupHandle,
  CONTEXT_SIZE,
  type CommandName,
  type ConsoleLogRequest,
  commandNamed,
  decodeAnswer,
  decodeCgroupContext,
  decodeCgroupHandle,
  encodeConsoleLog,
  encodeController,
  encodeMask,
  encodeRequest,
  NO_STATE,
  type StateMask,
} from "./command-protocol.ts";
import { encodeDeviceRules } from "./device-rules.ts";
import { decodeStateMessage, MESSAGE_SIZE } from "./life-message.ts";
import { type State, stateOfNumber } from "./states.ts";

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
    const got = tryBytes(SYS.recvfrom, client, bytes.subarray(length), bytes.length - length, 0);
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
    let sent = trySendCredentials(fd, encodeRequest(command, plain(listener), NO_BODY));
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
    const got = tryBytes(SYS.recvfrom, fd, bytes, bytes.length, 0);
    if (got === -EAGAIN) return -ETIMEDOUT;
    const head = got > 0 ? decodeAnswer(bytes.subarray(0, got)) : undefined;
    return head === undefined ? 0 : head.result;
  } finally {
    closeFd(fd);
  }
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
