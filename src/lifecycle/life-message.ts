// LXC's `lxc_msg`, which tells state clients and lxc-monitord of a container's life. Runs in the monitor, and in tools that listen.

import { Layout } from "../kernel/abi/struct.ts";
import { cString, textOf } from "../kernel/memory.ts";
import { type State, stateNumber, stateOfNumber } from "./states.ts";

const message = new Layout();
const messageStruct = {
  type: message.i32(),
  name: message.bytes(256),
  value: message.i32(),
  size: message.size(),
};

export const MESSAGE_SIZE = messageStruct.size;
const MESSAGE_STATE = 0;
const MESSAGE_EXIT_CODE = 2;

/** The message of a new state. */
export function encodeStateMessage(name: string, state: State): Uint8Array {
  return encodeMessage(MESSAGE_STATE, name, stateNumber(state));
}

/** The message of how the first process ended, as wait(2) has it. */
export function encodeExitMessage(name: string, status: number): Uint8Array {
  return encodeMessage(MESSAGE_EXIT_CODE, name, status);
}

function encodeMessage(type: number, name: string, value: number): Uint8Array {
  const bytes = new Uint8Array(messageStruct.size);
  messageStruct.type.put(bytes, type);
  messageStruct.name.put(bytes, cString(name));
  messageStruct.value.put(bytes, value);
  return bytes;
}

/** What an `lxc_msg` tells of. */
export interface LifeEvent {
  readonly name: string;
  readonly kind: "state" | "exit";
  /** "STOPPED" for an exit. */
  readonly state: State;
  /** How the first process ended, as wait(2) has it; 0 for a state. */
  readonly status: number;
}

/** What the message in `bytes` tells of; undefined when it is incomplete, or tells of nothing that is known. */
export function decodeEvent(bytes: Uint8Array): LifeEvent | undefined {
  if (bytes.length < messageStruct.size) return undefined;
  const name = textOf(messageStruct.name.get(bytes));
  const value = messageStruct.value.get(bytes);
  if (messageStruct.type.get(bytes) === MESSAGE_EXIT_CODE)
    return { name, kind: "exit", state: "STOPPED", status: value };
  const state = decodeStateMessage(bytes);
  return state === undefined ? undefined : { name, kind: "state", state, status: 0 };
}

/** Whether an `lxc_msg` begins at `at` of `bytes`, which has all of it: a known type, a name that ends, and nothing after it. */
export function isMessageAt(bytes: Uint8Array, at: number): boolean {
  if (bytes[at]! > MESSAGE_EXIT_CODE || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) return false;
  const end = at + MESSAGE_SIZE - 4;
  let next = at + 4;
  while (next < end && bytes[next] !== 0) next++;
  if (next === at + 4 || next === end) return false;
  for (; next < end; next++) if (bytes[next] !== 0) return false;
  return bytes[at] !== MESSAGE_STATE || stateOfNumber(messageStruct.value.get(bytes.subarray(at))) !== undefined;
}

/** The state an `lxc_msg` tells of; undefined when it is incomplete, or tells of something else. */
export function decodeStateMessage(bytes: Uint8Array): State | undefined {
  if (bytes.length < messageStruct.size || messageStruct.type.get(bytes) !== MESSAGE_STATE) return undefined;
  return stateOfNumber(messageStruct.value.get(bytes));
}
