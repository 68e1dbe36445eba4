// What a monitor may be asked, and how each command is answered from it. Runs in the monitor.

import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { EBADF, EFAULT, EINVAL, ENODATA, ENOENT, ENOSYS } from "../kernel/abi/errno.ts";
import { cString, textOf } from "../kernel/memory.ts";
import {
  type CgroupContext,
  type CgroupHandle,
  type Command,
  decodeConsoleLog,
  decodeController,
  encodeCgroupContext,
  encodeCgroupHandle,
  isBodyFor,
  LONGEST_CONSOLE_LOG,
} from "./command-protocol.ts";
import { decodeDeviceRules } from "./device-rules.ts";
import type { RingBuffer } from "./ring-buffer.ts";
import { type State, stateNumber, stateOfNumber } from "./states.ts";

/** A terminal that was free and is now a client's. */
export interface TakenTty {
  readonly number: number;
  /** The terminal's master. */
  readonly fd: number;
}

/**
 * What the command server knows and does. The monitor of a container is one. Results are 0 or -errno. The descriptors of
 * cgroups are opened for the answer, and the server closes them; all others stay the monitor's.
 */
export abstract class Served {
  abstract name(): string;
  abstract lxcpath(): string;
  abstract state(): State;
  /** A client changed the state, as LXC's own freezer does; the server tells those who wait. */
  abstract noteState(state: State): void;
  abstract initPid(): number;
  /** Negative when there is none. */
  abstract initPidfd(): number;
  /** The CLONE_NEW* flags of the first process. */
  abstract cloneFlags(): number;
  /** From the root of the hierarchy of `controller` ("" for any); `limits` asks for the cgroup that has the limits. */
  abstract cgroupPath(controller: string, limits: boolean): string | undefined;
  /** The folder in the hierarchy of `controller`. */
  abstract cgroupHandle(controller: string, limits: boolean): CgroupHandle | undefined;
  /** The folder on a host that has only version 2; -EINVAL elsewhere, as in LXC. */
  abstract cgroup2Fd(limits: boolean): number;
  /** The folders in all hierarchies. */
  abstract cgroupContext(): CgroupContext;
  /** The value as the configuration file would have it; undefined when unset or unknown. */
  abstract configItem(key: string): string | undefined;
  /** For at most `timeoutS` seconds, negative for ever, telling of each state on the way; -ENOENT leaves it to the client. */
  abstract freeze(timeoutS: number): number;
  abstract thaw(timeoutS: number): number;
  /** Puts device rules behind those in force, all of them at once; -EINVAL where they are no program (as in LXC). */
  abstract addDevices(rules: readonly DeviceRule[]): number;
  /** Where the system calls arrive that the policy hands to a program; negative for none. */
  abstract seccompNotifyFd(): number;
  /** One more place where they arrive, ours from now on unless it is refused; -EINVAL when no program decides on any. */
  abstract addSeccompListener(listener: number): number;
  /** The scope that the user's service manager made for the container; undefined when there is none. */
  abstract systemdScope(): string | undefined;
  /** Sends the stop signal, and thaws so that it arrives. */
  abstract stop(): number;
  /** `number` -1 for any that is free; 0 is the console. */
  abstract takeTty(number: number): TakenTty | undefined;
  abstract freeTty(number: number): void;
  /** The last of what the console has said; undefined when nobody asked for that to be kept. */
  abstract consoleBuffer(): RingBuffer | undefined;
  /** The devpts mount; negative when there is none. */
  abstract devptsFd(): number;
}

/** What goes back to a client. */
export interface Reply {
  readonly result: number;
  readonly value: number;
  readonly body: Uint8Array;
  readonly descriptors: readonly number[];
  /** The descriptors were opened for this reply alone. */
  readonly closesThem: boolean;
}

const NO_BODY = new Uint8Array(0);

export function refusal(errno: number): Reply {
  return { result: -errno, value: 0, body: NO_BODY, descriptors: [], closesThem: false };
}

function numberReply(value: number): Reply {
  return { result: 0, value, body: NO_BODY, descriptors: [], closesThem: false };
}

function textReply(text: string | undefined): Reply {
  // As in LXC, a key that is not set is no more than -1, which is -EPERM by accident: -ENOENT says what it is.
  if (text === undefined) return refusal(ENOENT);
  return { result: 0, value: 0, body: cString(text), descriptors: [], closesThem: false };
}

function descriptorReply(fd: number, closesThem: boolean, without: number): Reply {
  if (fd < 0) return refusal(without);
  return { result: 0, value: 0, body: NO_BODY, descriptors: [fd], closesThem };
}

/** The answer to a command that needs nothing but an answer; -ENOSYS for one that is not known here. */
export function replyTo(served: Served, command: Command, value: number, body: Uint8Array): Reply {
  if (!isBodyFor(command, body)) return refusal(EINVAL);
  switch (command.name) {
    case "get_state":
      return numberReply(stateNumber(served.state()));
    case "get_init_pid":
      return numberReply(served.initPid());
    case "get_clone_flags":
      return numberReply(served.cloneFlags() | 0);
    case "get_name":
      return textReply(served.name());
    case "get_lxcpath":
      return textReply(served.lxcpath());
    case "get_config_item":
      return textReply(served.configItem(textOf(body)));
    case "get_init_pidfd":
      return descriptorReply(served.initPidfd(), false, EBADF);
    case "get_devpts_fd":
      return descriptorReply(served.devptsFd(), false, EBADF);
    case "get_seccomp_notify_fd":
      return descriptorReply(served.seccompNotifyFd(), false, EBADF);
    case "freeze":
      return resultReply(served.freeze(value));
    case "unfreeze":
      return resultReply(served.thaw(value));
    case "serve_state_clients":
      return noted(served, value);
    case "add_bpf_device_cgroup":
      return devicesReply(served, body);
    case "get_systemd_scope":
      return textReply(served.systemdScope());
    case "console_log":
      return consoleLogReply(served.consoleBuffer(), body);
    default:
      return cgroupReply(served, command, body);
  }
}

export function resultReply(result: number): Reply {
  return result < 0 ? refusal(-result) : numberReply(0);
}

function devicesReply(served: Served, body: Uint8Array): Reply {
  const rules = decodeDeviceRules(body);
  return rules === undefined ? refusal(EINVAL) : resultReply(served.addDevices(rules));
}

function noted(served: Served, value: number): Reply {
  const state = stateOfNumber(value);
  if (state === undefined) return refusal(EINVAL);
  served.noteState(state);
  return numberReply(0);
}

/** The errors are LXC's, whose clients take both for "nothing to read". */
function consoleLogReply(buffer: RingBuffer | undefined, body: Uint8Array): Reply {
  if (buffer === undefined) return refusal(EFAULT);
  const request = decodeConsoleLog(body);
  if (request.read && buffer.used() === 0) return refusal(ENODATA);
  const most = request.mostBytes > 0 ? request.mostBytes : LONGEST_CONSOLE_LOG;
  const answer = request.read ? buffer.oldest(Math.min(most, LONGEST_CONSOLE_LOG)) : NO_BODY;
  buffer.discard(request.clear ? buffer.used() : request.read ? answer.length : request.mostBytes);
  return { result: 0, value: 0, body: answer, descriptors: [], closesThem: false };
}

function cgroupReply(served: Served, command: Command, body: Uint8Array): Reply {
  switch (command.name) {
    case "get_cgroup":
      return textReply(served.cgroupPath(textOf(body), false));
    case "get_limit_cgroup":
      return textReply(served.cgroupPath(textOf(body), true));
    case "get_cgroup2_fd":
      return cgroup2Reply(served.cgroup2Fd(false));
    case "get_limit_cgroup2_fd":
      return cgroup2Reply(served.cgroup2Fd(true));
    case "get_cgroup_fd":
      return handleReply(served, body, false);
    case "get_limit_cgroup_fd":
      return handleReply(served, body, true);
    case "get_cgroup_ctx":
      return contextReply(served, body);
    default:
      return refusal(ENOSYS);
  }
}

function cgroup2Reply(fd: number): Reply {
  return fd < 0 ? refusal(-fd) : descriptorReply(fd, true, EBADF);
}

function handleReply(served: Served, body: Uint8Array, limits: boolean): Reply {
  const wanted = decodeController(body);
  if (wanted === undefined) return refusal(EINVAL);
  const handle = served.cgroupHandle(wanted.controller, limits);
  if (handle === undefined) return refusal(ENOENT);
  // A client may insist on a version of cgroups.
  const fits = wanted.type === 0 || wanted.type === handle.type;
  const answer = fits ? encodeCgroupHandle(handle, wanted.controller) : NO_BODY;
  return { result: fits ? 0 : -EINVAL, value: 0, body: answer, descriptors: [handle.fd], closesThem: true };
}

function contextReply(served: Served, body: Uint8Array): Reply {
  const context = served.cgroupContext();
  // As in LXC: without a writable hierarchy there is nothing to enter.
  if (context.descriptors.length === 0) return refusal(ENOENT);
  const answer = encodeCgroupContext(context, body.length);
  return { result: 0, value: 0, body: answer, descriptors: context.descriptors, closesThem: true };
}
