// The format of the command socket, as LXC speaks it: one request, one answer. Runs in every tool and in the monitor.

import { LxcError } from "../base/errors.ts";
import { Layout } from "../kernel/abi/struct.ts";
import { bytesOfText, textOf } from "../kernel/memory.ts";
import { type State, states } from "./states.ts";

/** More is read from nobody, nor sent: LXC's own limit in both directions (two times PATH_MAX). */
export const LONGEST_BODY = 8192;
/** But for the console's buffer, which is as large as the configuration makes it. */
export const LONGEST_CONSOLE_LOG = 256 * 1024 * 1024;

/** "Any other number of a state": what a state client gets when it has to wait. */
export const NO_STATE = states.length;

export type CommandName =
  | "get_tty_fd"
  | "terminal_winch"
  | "stop"
  | "get_state"
  | "get_init_pid"
  | "get_clone_flags"
  | "get_cgroup"
  | "get_config_item"
  | "get_name"
  | "get_lxcpath"
  | "add_state_client"
  | "console_log"
  | "serve_state_clients"
  | "seccomp_notify_add_listener"
  | "add_bpf_device_cgroup"
  | "freeze"
  | "unfreeze"
  | "get_cgroup2_fd"
  | "get_init_pidfd"
  | "get_limit_cgroup"
  | "get_limit_cgroup2_fd"
  | "get_devpts_fd"
  | "get_seccomp_notify_fd"
  | "get_cgroup_ctx"
  | "get_cgroup_fd"
  | "get_limit_cgroup_fd"
  | "get_systemd_scope";

/** What follows the request: nothing, a C string, or a struct of so many bytes, which newer clients may make longer. */
export type BodyKind = "none" | "text" | "optional-text" | "struct";

export interface Command {
  readonly number: number;
  readonly name: CommandName;
  readonly body: BodyKind;
  readonly leastBody: number;
  /** The most descriptors an answer brings. */
  readonly descriptors: number;
  /** The connection means something after the answer: its end frees a terminal, or it tells of a state or of the end. */
  readonly keeps: boolean;
}

// The request's number word carries the argument of the commands without a body, and nothing else's.
const request = new Layout();
const requestStruct = {
  command: request.i32(),
  bodyLength: request.i32(),
  value: request.i32(),
  valueHigh: request.i32(),
  size: request.size(),
};

const answer = new Layout();
const answerStruct = {
  result: answer.i32(),
  bodyLength: answer.i32(),
  value: answer.i32(),
  valueHigh: answer.i32(),
  size: answer.size(),
};

export const REQUEST_SIZE = requestStruct.size;
export const ANSWER_SIZE = answerStruct.size;

const mask = new Layout();
const maskWord = mask.i32();
const MASK_SIZE = 4 * states.length;

/** As many hierarchies as LXC's structs have room for. */
export const MOST_HIERARCHIES = 20;

// LXC aligns both to 8 bytes.
const context = new Layout();
const contextStruct = {
  layout: context.i32(),
  utilities: context.u32(),
  count: context.u32(),
  descriptors: context.bytes(4 * MOST_HIERARCHIES),
  size: 96,
};

const handle = new Layout();
const handleStruct = {
  layout: handle.i32(),
  utilities: handle.u32(),
  type: handle.i32(),
  descriptor: handle.i32(),
  controller: handle.bytes(64),
  size: 80,
};

// A C bool is a byte. The last of them was for writing the buffer to a file, which no client of LXC asks for any more.
const consoleLog = new Layout();
const consoleLogStruct = {
  clear: consoleLog.u8(),
  read: consoleLog.u8(),
  most: consoleLog.u64(),
  writesFile: consoleLog.u8(),
  size: consoleLog.size(),
};

export const CONTEXT_SIZE = contextStruct.size;

/** Every command there is; the position is the number. */
export const commands: readonly Command[] = [
  { number: 0, name: "get_tty_fd", body: "none", leastBody: 0, descriptors: 1, keeps: true },
  { number: 1, name: "terminal_winch", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 2, name: "stop", body: "none", leastBody: 0, descriptors: 0, keeps: true },
  { number: 3, name: "get_state", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 4, name: "get_init_pid", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 5, name: "get_clone_flags", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 6, name: "get_cgroup", body: "optional-text", leastBody: 0, descriptors: 0, keeps: false },
  { number: 7, name: "get_config_item", body: "text", leastBody: 2, descriptors: 0, keeps: false },
  { number: 8, name: "get_name", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 9, name: "get_lxcpath", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 10, name: "add_state_client", body: "struct", leastBody: MASK_SIZE, descriptors: 0, keeps: true },
  { number: 11, name: "console_log", body: "struct", leastBody: consoleLogStruct.size, descriptors: 0, keeps: false },
  { number: 12, name: "serve_state_clients", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 13, name: "seccomp_notify_add_listener", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 14, name: "add_bpf_device_cgroup", body: "struct", leastBody: 20, descriptors: 0, keeps: false },
  { number: 15, name: "freeze", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 16, name: "unfreeze", body: "none", leastBody: 0, descriptors: 0, keeps: false },
  { number: 17, name: "get_cgroup2_fd", body: "none", leastBody: 0, descriptors: 1, keeps: false },
  { number: 18, name: "get_init_pidfd", body: "none", leastBody: 0, descriptors: 1, keeps: false },
  { number: 19, name: "get_limit_cgroup", body: "optional-text", leastBody: 0, descriptors: 0, keeps: false },
  { number: 20, name: "get_limit_cgroup2_fd", body: "none", leastBody: 0, descriptors: 1, keeps: false },
  { number: 21, name: "get_devpts_fd", body: "none", leastBody: 0, descriptors: 1, keeps: false },
  { number: 22, name: "get_seccomp_notify_fd", body: "none", leastBody: 0, descriptors: 1, keeps: false },
  { number: 23, name: "get_cgroup_ctx", body: "struct", leastBody: 12, descriptors: MOST_HIERARCHIES, keeps: false },
  { number: 24, name: "get_cgroup_fd", body: "struct", leastBody: handleStruct.size, descriptors: 1, keeps: false },
  {
    number: 25,
    name: "get_limit_cgroup_fd",
    body: "struct",
    leastBody: handleStruct.size,
    descriptors: 1,
    keeps: false,
  },
  { number: 26, name: "get_systemd_scope", body: "none", leastBody: 0, descriptors: 0, keeps: false },
];

export function commandNumbered(number: number): Command | undefined {
  return number >= 0 && number < commands.length ? commands[number] : undefined;
}

export function commandNamed(name: CommandName): Command {
  for (const command of commands) if (command.name === name) return command;
  throw new LxcError("bug", `send the command ${name}`, "there is none of that name");
}

/** The 16 bytes in front of a request's body. */
export interface Request {
  readonly number: number;
  readonly bodyLength: number;
  readonly value: number;
}

/** LXC's clients send the descriptor of a command that has one after its head, with a byte that says nothing. */
export function bytesWithDescriptor(asked: Request): number {
  return commandNumbered(asked.number)?.name === "seccomp_notify_add_listener" ? 1 : 0;
}

/** A whole request: its head and its body. */
export function encodeRequest(command: Command, value: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(requestStruct.size + body.length);
  requestStruct.command.put(bytes, command.number);
  requestStruct.bodyLength.put(bytes, body.length);
  requestStruct.value.put(bytes, value);
  requestStruct.valueHigh.put(bytes, value < 0 ? -1 : 0);
  bytes.set(body, requestStruct.size);
  return bytes;
}

/** The head of a request; undefined when it is incomplete, or its length is one that nobody has. */
export function decodeRequest(bytes: Uint8Array): Request | undefined {
  if (bytes.length < requestStruct.size) return undefined;
  const bodyLength = requestStruct.bodyLength.get(bytes);
  if (bodyLength < 0 || bodyLength > LONGEST_BODY) return undefined;
  return { number: requestStruct.command.get(bytes), bodyLength, value: requestStruct.value.get(bytes) };
}

/** Whether a body of these bytes may come with `command`: C strings end where they say, structs are whole. */
export function isBodyFor(command: Command, body: Uint8Array): boolean {
  if (body.length < command.leastBody) return false;
  if (command.body === "none" || command.body === "struct") return true;
  if (body.length === 0) return command.body === "optional-text";
  for (let i = 0; i < body.length; i++) if (body[i] === 0) return i === body.length - 1;
  return false;
}

/** The 16 bytes in front of an answer's body. */
export interface AnswerHead {
  /** 0, or -errno; the state's number for a state client. */
  readonly result: number;
  readonly bodyLength: number;
  readonly value: number;
}

export function encodeAnswer(result: number, value: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(answerStruct.size + body.length);
  answerStruct.result.put(bytes, result);
  answerStruct.bodyLength.put(bytes, body.length);
  answerStruct.value.put(bytes, value);
  answerStruct.valueHigh.put(bytes, value < 0 ? -1 : 0);
  bytes.set(body, answerStruct.size);
  return bytes;
}

/** The head of an answer; undefined when it is incomplete, or its body is longer than `longest`. */
export function decodeAnswer(bytes: Uint8Array, longest: number = LONGEST_BODY): AnswerHead | undefined {
  if (bytes.length < answerStruct.size) return undefined;
  const bodyLength = answerStruct.bodyLength.get(bytes);
  if (bodyLength > longest) return undefined;
  // LXC leaves a negative length, which stands for no body, in some refusals.
  return {
    result: answerStruct.result.get(bytes),
    bodyLength: Math.max(0, bodyLength),
    value: answerStruct.value.get(bytes),
  };
}

/** For each state: 0 not wanted, 1 wanted, also when it is so already, 2 wanted the next time, also after a reboot. */
export type StateMask = readonly number[];

export function maskOf(wanted: readonly State[], how: number): StateMask {
  const numbers: number[] = [];
  for (const state of states) numbers.push(wanted.includes(state) ? how : 0);
  return numbers;
}

export function encodeMask(wanted: StateMask): Uint8Array {
  const bytes = new Uint8Array(MASK_SIZE);
  for (let i = 0; i < Math.min(wanted.length, states.length); i++) {
    maskWord.put(bytes.subarray(4 * i, 4 * i + 4), wanted[i]!);
  }
  return bytes;
}

/** Undefined when it is of another length: the number of states is part of the format. */
export function decodeMask(bytes: Uint8Array): StateMask | undefined {
  if (bytes.length !== MASK_SIZE) return undefined;
  const numbers: number[] = [];
  for (let at = 0; at < MASK_SIZE; at += 4) numbers.push(maskWord.get(bytes.subarray(at, at + 4)));
  return numbers;
}

/** What is to be done with the console's buffer. What is read goes from it; `clear` empties it. */
export interface ConsoleLogRequest {
  readonly read: boolean;
  readonly clear: boolean;
  /** The most to read, or to discard unread when it is neither read nor cleared; 0 for all there is, or for nothing. */
  readonly mostBytes: number;
}

export function encodeConsoleLog(request: ConsoleLogRequest): Uint8Array {
  const bytes = new Uint8Array(consoleLogStruct.size);
  consoleLogStruct.clear.put(bytes, request.clear ? 1 : 0);
  consoleLogStruct.read.put(bytes, request.read ? 1 : 0);
  consoleLogStruct.most.put(bytes, request.mostBytes);
  return bytes;
}

export function decodeConsoleLog(bytes: Uint8Array): ConsoleLogRequest {
  return {
    read: consoleLogStruct.read.get(bytes) !== 0,
    clear: consoleLogStruct.clear.get(bytes) !== 0,
    mostBytes: consoleLogStruct.most.get(bytes),
  };
}

/** What a container's processes are in: one open folder for each hierarchy. */
export interface CgroupContext {
  /** -1 unknown, 0 legacy, 1 hybrid, 2 unified. */
  readonly layout: number;
  /** 1 for a device program, 2 for a freezer; of the unified hierarchy. */
  readonly utilities: number;
  readonly descriptors: readonly number[];
}

/** Cut to the length that the client knows of, as every extensible struct is. */
export function encodeCgroupContext(value: CgroupContext, length: number): Uint8Array {
  const bytes = new Uint8Array(contextStruct.size);
  contextStruct.layout.put(bytes, value.layout);
  contextStruct.utilities.put(bytes, value.utilities);
  contextStruct.count.put(bytes, value.descriptors.length);
  return bytes.subarray(0, Math.min(length, bytes.length));
}

/** The descriptors came beside the bytes, not in them. */
export function decodeCgroupContext(bytes: Uint8Array, descriptors: readonly number[]): CgroupContext | undefined {
  if (bytes.length < 12) return undefined;
  return { layout: contextStruct.layout.get(bytes), utilities: contextStruct.utilities.get(bytes), descriptors };
}

/** One open cgroup folder. */
export interface CgroupHandle {
  readonly layout: number;
  readonly utilities: number;
  /** The magic number of its file system. */
  readonly type: number;
  readonly fd: number;
}

/** The request for the folder of `controller`. */
export function encodeController(controller: string): Uint8Array {
  const bytes = new Uint8Array(handleStruct.size);
  handleStruct.descriptor.put(bytes, -1);
  handleStruct.controller.put(bytes, bytesOfText(controller));
  return bytes;
}

/** What a client asks for; undefined for an empty name or one without an end. */
export function decodeController(bytes: Uint8Array): { controller: string; type: number } | undefined {
  if (bytes.length < handleStruct.size) return undefined;
  const controller = textOf(handleStruct.controller.get(bytes));
  if (controller === "" || controller.length >= handleStruct.controller.length) return undefined;
  return { controller, type: handleStruct.type.get(bytes) };
}

export function encodeCgroupHandle(value: CgroupHandle, controller: string): Uint8Array {
  const bytes = encodeController(controller);
  handleStruct.layout.put(bytes, value.layout);
  handleStruct.utilities.put(bytes, value.utilities);
  handleStruct.type.put(bytes, value.type);
  return bytes;
}

export function decodeCgroupHandle(bytes: Uint8Array, fd: number): CgroupHandle | undefined {
  if (bytes.length < handleStruct.size) return undefined;
  return {
    layout: handleStruct.layout.get(bytes),
    utilities: handleStruct.utilities.get(bytes),
    type: handleStruct.type.get(bytes),
    fd,
  };
}
