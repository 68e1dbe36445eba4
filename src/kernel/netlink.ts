// A netlink socket: several requests in one send, and their answers.

import { LxcError } from "../base/errors.ts";
import { ENOBUFS, errnoText } from "./abi/errno.ts";
import {
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  SOL_NETLINK,
  sockaddrNl,
} from "./abi/netlink.ts";
import { AF_NETLINK, MSG_DONTWAIT, MSG_TRUNC, SOCK_CLOEXEC, SOCK_RAW } from "./abi/socket.ts";
import { Layout } from "./abi/struct.ts";
import { SYS } from "./abi/syscalls.ts";
import { call, tryCall, tryNumbers } from "./call.ts";
import { type NetlinkMessage, type NetlinkReply, repliesIn, type Verdict, verdictIn } from "./netlink-messages.ts";

/** The most that the kernel puts in one datagram of a dump (netlink_recvmsg). */
const DUMP_SIZE = 32768;
/** One device without its statistics takes less than 2 kB, a refusal as much as its request. */
const ANSWER_SIZE = 4096;
const DUMP_TRIES = 5;

const int = new Layout().u32();

/** What to advise when the kernel refuses with `errno`. */
export interface ErrnoHint {
  readonly errno: number;
  readonly hint: string;
}

/** A message and the words for its failure. */
export interface NetlinkRequest {
  readonly message: NetlinkMessage;
  /** Completes "cannot …". */
  readonly doing: string;
  readonly hints: readonly ErrnoHint[];
}

/** One answer to one of the requests of a batch. */
export interface NetlinkAnswer {
  /** Which request, counted from 0. */
  readonly request: number;
  readonly reply: NetlinkReply;
}

/** A refused request of a batch. */
export interface NetlinkRefusal {
  readonly request: number;
  readonly errno: number;
  /** The kernel's own words, or "". */
  readonly text: string;
}

/** All that came back for a batch. */
export interface NetlinkOutcome {
  readonly answers: readonly NetlinkAnswer[];
  readonly refusals: readonly NetlinkRefusal[];
}

/**
 * A socket to the kernel's network configuration, of the network namespace this process is in when it is first used.
 * Opened when needed, and again after `close`.
 */
export class NetlinkSocket {
  readonly #protocol: number;
  #fd = -1;
  #sequence = 0;
  #strict = false;

  /** By default talks of devices, addresses and routes. */
  constructor(protocol: number = NETLINK_ROUTE) {
    this.#protocol = protocol;
  }

  /**
   * Sends all requests at once and waits until the last one is answered. Throws for the first that was refused; the
   * kernel tries the ones after it all the same.
   */
  run(requests: readonly NetlinkRequest[]): readonly NetlinkAnswer[] {
    const outcome = this.tryRun(requests);
    for (const refusal of outcome.refusals) {
      const request = requests[refusal.request];
      if (request !== undefined) throw refusedRequest(request, refusal);
    }
    return outcome.answers;
  }

  /**
   * Like `run`, but refusals are values. Only the last message asks for an acknowledgement, unless it is a question: the
   * kernel works in order and reports failures without being asked (netlink(7)), so that one receive is enough.
   */
  tryRun(requests: readonly NetlinkRequest[]): NetlinkOutcome {
    if (requests.length === 0) return { answers: [], refusals: [] };
    const question = isQuestion(requests[requests.length - 1]);
    const first = this.#send(requests, question ? requests.length : requests.length - 1);
    const answers: NetlinkAnswer[] = [];
    const refusals: NetlinkRefusal[] = [];
    for (;;) {
      for (const reply of this.#receive(ANSWER_SIZE)) {
        const request = reply.sequence - first;
        if (request < 0 || request >= requests.length) continue;
        const last = request === requests.length - 1;
        if (reply.type === NLMSG_ERROR) {
          const verdict = verdictIn(reply);
          if (verdict.errno !== 0) refusals.push(refusalFrom(request, verdict));
          if (last) return { answers, refusals };
        } else {
          answers.push({ request, reply });
          if (last && question) return { answers, refusals };
        }
      }
    }
  }

  /**
   * Sends what is done as a whole or not at all (nfnetlink): the first request begins it, the last one ends it, and the one
   * before that is acknowledged. Returns the first refusal.
   */
  tryCommit(requests: readonly NetlinkRequest[]): NetlinkRefusal | undefined {
    const acknowledged = requests.length - 2;
    const first = this.#send(requests, acknowledged);
    let refusal: NetlinkRefusal | undefined;
    for (;;) {
      for (const reply of this.#receive(ANSWER_SIZE)) {
        const request = reply.sequence - first;
        if (reply.type !== NLMSG_ERROR || request < 0 || request > acknowledged) continue;
        const verdict = verdictIn(reply);
        if (verdict.errno !== 0 && refusal === undefined) refusal = refusalFrom(request, verdict);
        // A refusal of the beginning is one of all.
        if (request === acknowledged || (request === 0 && verdict.errno !== 0)) return refusal;
      }
    }
  }

  /**
   * Every message of a dump. One during which something changed is read again, a few times; a busy host never rests, and
   * then the last answer counts: each message of it is whole, only their number may be off by what has just changed.
   */
  dump(request: NetlinkRequest): readonly NetlinkReply[] {
    let replies = this.#dumpOnce(request);
    for (let left = DUMP_TRIES - 1; left > 0 && wasInterrupted(replies); left--) replies = this.#dumpOnce(request);
    return replies;
  }

  /** Talks by `fd`, a socket of `openNetlink`, from now on. */
  adopt(fd: number): void {
    this.close();
    this.#fd = fd;
    this.#prepare();
  }

  /** Has the kernel check and use the filters of dumps (Linux 4.20), such as another network namespace. */
  beStrict(): void {
    if (this.#strict) return;
    this.#strict = true;
    if (this.#fd >= 0) setOption(this.#fd, NETLINK_GET_STRICT_CHK);
  }

  /** From now on the socket becomes readable when something of `groups` (RTMGRP_…) changes. Returns its descriptor. */
  subscribe(groups: number): number {
    const fd = this.#open();
    const address = new Uint8Array(sockaddrNl.size);
    sockaddrNl.family.put(address, AF_NETLINK);
    sockaddrNl.groups.put(address, groups);
    // A socket without a port of its own, which the kernel chooses here, hears nothing.
    call("hear of changes of the network", "bind", fd, address, address.length);
    return fd;
  }

  /** Takes all that a subscription has brought, unread: whoever wants to know asks by another socket. */
  discard(): void {
    const bytes = new Uint8Array(ANSWER_SIZE);
    for (;;) {
      const length = tryCall(SYS.recvfrom, this.#open(), bytes, bytes.length, MSG_DONTWAIT, 0, 0);
      // Too much for the socket to keep is as good as one.
      if (length < 0 && length !== -ENOBUFS) return;
    }
  }

  close(): void {
    if (this.#fd >= 0) tryNumbers(SYS.close, this.#fd, 0, 0);
    this.#fd = -1;
  }

  #dumpOnce(request: NetlinkRequest): NetlinkReply[] {
    const sequence = this.#send([request], -1);
    const all: NetlinkReply[] = [];
    for (;;) {
      for (const reply of this.#receive(DUMP_SIZE)) {
        if (reply.sequence !== sequence) continue;
        if (reply.type === NLMSG_DONE) return all;
        if (reply.type === NLMSG_ERROR) throw refusedRequest(request, refusalFrom(0, verdictIn(reply)));
        all.push(reply);
      }
    }
  }

  /** Returns the sequence number of the first request; those after it count on. -1 acknowledged: a dump. */
  #send(requests: readonly NetlinkRequest[], acknowledged: number): number {
    let size = 0;
    for (const request of requests) size += request.message.length;
    const bytes = new Uint8Array(size);
    const first = this.#sequence + 1;
    let at = 0;
    let index = 0;
    for (const { message } of requests) {
      this.#sequence++;
      const ack = index === acknowledged ? NLM_F_ACK : 0;
      message.writeTo(bytes.subarray(at), this.#sequence, acknowledged < 0 ? NLM_F_DUMP : ack);
      at += message.length;
      index++;
    }
    call("ask the kernel's network configuration", "sendto", this.#open(), bytes, size);
    return first;
  }

  /** One datagram. Only the kernel has port 0: what another process sends us is not looked at. */
  #receive(most: number): NetlinkReply[] {
    const bytes = new Uint8Array(most);
    const address = new Uint8Array(sockaddrNl.size);
    const addressSize = new Uint8Array(4);
    int.put(addressSize, address.length);
    const doing = "read the kernel's network configuration";
    const length = call(doing, "recvfrom", this.#open(), bytes, bytes.length, MSG_TRUNC, address, addressSize);
    if (length > bytes.length) throw new LxcError("bug", doing, `an answer has ${length} bytes`);
    return sockaddrNl.portId.get(address) === 0 ? repliesIn(bytes.subarray(0, length)) : [];
  }

  #open(): number {
    if (this.#fd >= 0) return this.#fd;
    this.#fd = openNetlink(this.#protocol);
    this.#prepare();
    return this.#fd;
  }

  #prepare(): void {
    // Without it (before Linux 4.12) refusals come with their number only.
    setOption(this.#fd, NETLINK_EXT_ACK);
    if (this.#strict) setOption(this.#fd, NETLINK_GET_STRICT_CHK);
  }
}

/** A socket that belongs to the network namespace of this process for ever. */
export function openNetlink(protocol: number = NETLINK_ROUTE): number {
  return call("talk to the kernel's network", "socket", AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

function wasInterrupted(replies: readonly NetlinkReply[]): boolean {
  return replies.some((reply) => (reply.flags & NLM_F_DUMP_INTR) !== 0);
}

/** The kernel numbers its rtnetlink messages in fours: new, delete, get, set. */
function isQuestion(request: NetlinkRequest | undefined): boolean {
  return request !== undefined && (request.message.type & 3) === 2;
}

function setOption(fd: number, option: number): void {
  const on = new Uint8Array(4);
  int.put(on, 1);
  tryCall(SYS.setsockopt, fd, SOL_NETLINK, option, on, on.length);
}

function refusalFrom(request: number, verdict: Verdict): NetlinkRefusal {
  return { request, errno: verdict.errno, text: verdict.text };
}

/** The error for a refused request, in the kernel's words when it has some. */
export function refusedRequest(request: NetlinkRequest, refusal: NetlinkRefusal): LxcError {
  const words = refusal.text === "" ? "" : `${refusal.text}: `;
  let hint = "";
  for (const row of request.hints) if (row.errno === refusal.errno) hint = row.hint;
  return new LxcError("syscall-failed", request.doing, `netlink: ${words}${errnoText(refusal.errno)}`, {
    errno: refusal.errno,
    hint,
  });
}
