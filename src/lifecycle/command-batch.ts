// The same questions to many monitors at once: all are asked before the first answer is waited for. Runs in lxc-ls, lxc-top and lxc-attach.

import type { Container } from "../container/container.ts";
import { SYS } from "../kernel/abi/syscalls.ts";
import { tryBytes } from "../kernel/call.ts";
import { closeFd } from "../kernel/files.ts";
import { cString, textOf } from "../kernel/memory.ts";
import { CredentialsMessage } from "../kernel/sockets.ts";
import { configItemOf } from "./command-client.ts";
import { ANSWER_TIMEOUT_MS, connectTo, NO_BODY } from "./command-exchange.ts";
import { ANSWER_SIZE, type CommandName, commandNamed, decodeAnswer, encodeRequest } from "./command-protocol.ts";

/** A caller may have few descriptors. */
const AT_ONCE = 100;
const LONGEST = 4096;

/** One of the commands whose answer has no descriptor. */
export interface Question {
  readonly name: CommandName;
  /** What it is asked of, such as a key; empty for nothing. */
  readonly of: string;
}

/** What a monitor says. */
export interface Said {
  readonly result: number;
  readonly value: number;
  readonly text: string;
}

/**
 * What the monitor of each container answers to `questions`, in their order; undefined for one that does not answer all of them at once: that one
 * is to be asked alone, which also says why.
 */
export function answersOf(containers: readonly Container[], questions: readonly Question[]): (Said[] | undefined)[] {
  const asked = new AnswerQueue(containers, questions);
  const answers: (Said[] | undefined)[] = [];
  for (let at = 0; at < containers.length; at++) answers.push(asked.next());
  return answers;
}

/** The same, one after the other: what is done with one answer is done while the monitors after it are at theirs. */
export class AnswerQueue {
  readonly #containers: readonly Container[];
  readonly #count: number;
  readonly #requestLength: number;
  readonly #message: CredentialsMessage;
  /** For each that was asked, the connection or a negative number. */
  readonly #connections: number[] = [];
  #answered = 0;

  constructor(containers: readonly Container[], questions: readonly Question[]) {
    const requests = requestsFor(questions);
    this.#containers = containers;
    this.#count = questions.length;
    this.#requestLength = requests.length;
    this.#message = new CredentialsMessage(requests);
  }

  /** The answers of the next container. There must be one. */
  next(): Said[] | undefined {
    this.#askAhead();
    const fd = this.#connections[this.#answered]!;
    this.#answered = this.#answered + 1;
    if (fd < 0) return undefined;
    const said = answersFrom(fd, this.#count);
    closeFd(fd);
    return said;
  }

  #askAhead(): void {
    const end = Math.min(this.#containers.length, this.#answered + AT_ONCE);
    while (this.#connections.length < end) {
      const container = this.#containers[this.#connections.length]!;
      this.#connections.push(tryAsk(container, this.#message, this.#requestLength));
    }
  }
}

/** The values of several keys of a running container, as `configItemOf` gives each. */
export function configItemsOf(container: Container, keys: readonly string[]): (string | undefined)[] {
  const questions: Question[] = [];
  for (const key of keys) questions.push({ name: "get_config_item", of: key });
  const said = answersOf([container], questions)[0];
  const items: (string | undefined)[] = [];
  for (let i = 0; i < keys.length; i++)
    items.push(said === undefined ? configItemOf(container, keys[i]!) : itemIn(said[i]!));
  return items;
}

function itemIn(said: Said): string | undefined {
  return said.result < 0 || said.text === "" ? undefined : said.text;
}

/** One after the other, as they go through a connection: monitors, LXC's too, answer in that order. */
function requestsFor(questions: readonly Question[]): Uint8Array {
  const bytes = new Uint8Array(LONGEST);
  let length = 0;
  for (const { name, of } of questions) {
    const request = encodeRequest(commandNamed(name), 0, of === "" ? NO_BODY : cString(of));
    bytes.set(request, length);
    length += request.length;
  }
  return bytes.subarray(0, length);
}

/** The connection, or a negative number. */
function tryAsk(container: Container, message: CredentialsMessage, length: number): number {
  try {
    const fd = connectTo(container, ANSWER_TIMEOUT_MS);
    if (fd < 0 || message.trySend(fd) === length) return fd;
    closeFd(fd);
    return -1;
  } catch {
    return -1;
  }
}

function answersFrom(fd: number, count: number): Said[] | undefined {
  const bytes = new Uint8Array(LONGEST);
  const said: Said[] = [];
  let length = 0;
  let from = 0;
  while (said.length < count) {
    const head = decodeAnswer(bytes.subarray(from, length), LONGEST);
    const end = head === undefined ? length + 1 : from + ANSWER_SIZE + head.bodyLength;
    if (head !== undefined && end <= length) {
      const text = head.bodyLength === 0 ? "" : textOf(bytes.subarray(from + ANSWER_SIZE, end));
      said.push({ result: head.result, value: head.value, text });
      from = end;
      continue;
    }
    const got = length === LONGEST ? 0 : tryBytes(SYS.recvfrom, fd, bytes.subarray(length), LONGEST - length, 0);
    if (got <= 0) return undefined;
    length += got;
  }
  return said;
}
