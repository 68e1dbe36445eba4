// What the processes of a start say to each other, one packet a message.
//
//     first process                 monitor                          caller
//     (born in its namespaces)      writes id maps, if any
//                    <-----------   mapped, if any
//                                   makes cgroups and network,
//     mounts                        sets limits
//                    <-----------   configured, with the cgroups' path
//     enters its cgroups
//     network, hooks, /dev,
//     terminals
//     terminals      ----------->   keeps the consoles' ends
//     ready          ----------->   runs start-host hooks
//                    <-----------   go
//     loads its filter
//     filtered, if a
//     program decides ----------->   asks it from now on
//     gives up capabilities,
//     start hooks, exec
//     (exec closes)  ----------->   RUNNING
//                                   running       ----------->       exits 0, for a daemon
//
// While it mounts, the first process may ask for what only the host's root can do: `shift` with a mount is answered with
// `shifted` (mount-help.ts). A container that joins namespaces is born by a process in between, which says `born` and
// its pid (birth.ts).
//
// Any side may send `failed` instead, and then stops: the error arrives with all its fields.

import { decodeError, encodeError } from "../base/error-fields.ts";
import { LxcError } from "../base/errors.ts";
import { nextLength, receiveMessage, sendMessage, trySend } from "../kernel/sockets.ts";
import { ENDED_EARLY } from "./limits-at-fault.ts";

export const words = [
  "born",
  "mapped",
  "shift",
  "shifted",
  "configured",
  "terminals",
  "ready",
  "go",
  "filtered",
  "running",
] as const;
export type Word = (typeof words)[number];
const alphabet: readonly string[] = words;

export interface Message {
  /** `closed` when the other side has gone, or became another program. */
  readonly say: Word | "failed" | "closed";
  /** With `failed` only. */
  readonly failure: LxcError | undefined;
  /** With `terminals` only: descriptors that are ours now. */
  readonly descriptors: readonly number[];
  /** What comes with the word, or "": with `configured` where the cgroups of version 1 are, with `born` a pid. */
  readonly path: string;
}

const FAILED = "failed";
const LONGEST_MESSAGE = 16384;

export function encodeFailure(error: LxcError): Uint8Array {
  const head = new TextEncoder().encode(`${FAILED}\0`);
  const fields = encodeError(error);
  const room = Math.min(fields.length, LONGEST_MESSAGE - head.length);
  const bytes = new Uint8Array(head.length + room);
  bytes.set(head);
  bytes.set(fields.subarray(0, room), head.length);
  return bytes;
}

/** Throws on a word that is not in the alphabet. */
export function decode(bytes: Uint8Array, descriptors: readonly number[]): Message {
  if (bytes.length === 0) return { say: "closed", failure: undefined, descriptors, path: "" };
  const text = new TextDecoder().decode(bytes);
  if (text.startsWith(`${FAILED}\0`)) {
    return { say: "failed", failure: decodeError(bytes.subarray(FAILED.length + 1)), descriptors, path: "" };
  }
  const end = text.indexOf("\0");
  const said = end < 0 ? text : text.slice(0, end);
  const path = end < 0 ? "" : text.slice(end + 1);
  if (alphabet.includes(said)) return { say: said as Word, failure: undefined, descriptors, path };
  throw new LxcError("bug", "start the container", `the other side said "${text}"`);
}

export function tell(fd: number, word: Word, descriptors: readonly number[] = []): void {
  sendMessage(fd, new TextEncoder().encode(word), descriptors);
}

/** As `tell`, with a text that belongs to the word. */
export function tellWith(fd: number, word: Word, text: string, descriptors: readonly number[] = []): void {
  sendMessage(fd, new TextEncoder().encode(`${word}\0${text}`), descriptors);
}

export function tellFailure(fd: number, error: LxcError): void {
  sendMessage(fd, encodeFailure(error));
}

/**
 * The same for a forked child, from which no error may escape into the copy of its parent's functions that it is in. Whoever
 * does not hear it has given up before us, and has told its own reason.
 */
export function tryTellFailure(fd: number, error: LxcError): void {
  trySend(fd, encodeFailure(error), []);
}

/** The next message, whatever it is. */
export function hear(fd: number): Message {
  const received = receiveMessage(fd, nextLength(fd, LONGEST_MESSAGE));
  return decode(received.bytes, received.descriptors);
}

/** Waits for `wanted`, and returns its path. A failure on the other side is thrown here, with all its fields. */
export function expect(fd: number, wanted: Message["say"]): string {
  const got = hear(fd);
  if (got.say !== wanted) throw unexpected(got, wanted);
  return got.path;
}

/** The error for a message that is not what was waited for. */
export function unexpected(got: Message, wanted: string): LxcError {
  if (got.failure !== undefined) return got.failure;
  if (got.say !== "closed") return new LxcError("bug", "start the container", `expected "${wanted}", got "${got.say}"`);
  return new LxcError("wrong-state", "start the container", ENDED_EARLY, {
    hint: "the kernel's log may say why: dmesg | tail",
  });
}
