// Netlink messages as bytes: building requests, reading answers. Pure; nothing that is read is trusted to be long enough.

import { EPROTO } from "./abi/errno.ts";
import {
  NLA_F_NESTED,
  NLA_F_NET_BYTEORDER,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSGERR_ATTR_MSG,
  nlattr,
  nlmsgerr,
  nlmsghdr,
} from "./abi/netlink.ts";
import { Layout } from "./abi/struct.ts";
import { bytesOfText, textOf } from "./memory.ts";

const INITIAL_SIZE = 256;

const numbers = new Layout();
const word = numbers.u32();
const signed = new Layout().i32();
const half = new Layout().u16();
const double = new Layout().u64();

/** One request while it is written: a header, a fixed head such as ifinfomsg, then attributes. */
export class NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  #bytes: Uint8Array;
  #length = nlmsghdr.size;

  constructor(type: number, flags: number, head: Uint8Array) {
    this.type = type;
    this.flags = flags;
    this.#bytes = new Uint8Array(INITIAL_SIZE);
    this.raw(head);
  }

  /** Bytes without an attribute around them, as the head inside a nest. */
  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  bytes(type: number, value: Uint8Array): void {
    const at = this.#grow(nlattr.size);
    const head = this.#bytes.subarray(at);
    nlattr.length.put(head, nlattr.size + value.length);
    nlattr.type.put(head, type);
    this.raw(value);
  }

  /** With the NUL at the end that names need. */
  text(type: number, value: string): void {
    this.bytes(type, bytesOfText(`${value}\0`));
  }

  u32(type: number, value: number): void {
    const bytes = new Uint8Array(4);
    word.put(bytes, value);
    this.bytes(type, bytes);
  }

  u16(type: number, value: number): void {
    const bytes = new Uint8Array(2);
    half.put(bytes, value);
    this.bytes(type, bytes);
  }

  u64(type: number, value: number): void {
    const bytes = new Uint8Array(8);
    double.put(bytes, value);
    this.bytes(type, bytes);
  }

  /** A 32-bit number with a sign. */
  i32(type: number, value: number): void {
    const bytes = new Uint8Array(4);
    signed.put(bytes, value);
    this.bytes(type, bytes);
  }

  /** Opens an attribute that holds what is written until `close`. Returns what `close` wants. */
  open(type: number): number {
    const at = this.#length;
    this.bytes(type | NLA_F_NESTED, new Uint8Array(0));
    return at;
  }

  close(opened: number): void {
    nlattr.length.put(this.#bytes.subarray(opened), this.#length - opened);
  }

  get length(): number {
    return this.#length;
  }

  /** Writes the whole message into `target`, which has `length` bytes or more. */
  writeTo(target: Uint8Array, sequence: number, extraFlags: number): void {
    target.set(this.#bytes.subarray(0, this.#length));
    nlmsghdr.length.put(target, this.#length);
    nlmsghdr.type.put(target, this.type);
    nlmsghdr.flags.put(target, this.flags | extraFlags);
    nlmsghdr.sequence.put(target, sequence);
  }

  /** Makes room for `size` bytes, rounded up to 4 (NLMSG_ALIGN), and returns where they start. */
  #grow(size: number): number {
    const at = this.#length;
    const end = at + align(size);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#length = end;
    return at;
  }
}

/** One message that was read. */
export interface NetlinkReply {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** All after the header. */
  readonly body: Uint8Array;
}

/** The messages of one datagram; what is cut off at its end is left out. */
export function repliesIn(datagram: Uint8Array): NetlinkReply[] {
  const replies: NetlinkReply[] = [];
  let at = 0;
  while (at + nlmsghdr.size <= datagram.length) {
    const bytes = datagram.subarray(at);
    const length = nlmsghdr.length.get(bytes);
    if (length < nlmsghdr.size || length > bytes.length) break;
    replies.push({
      type: nlmsghdr.type.get(bytes),
      flags: nlmsghdr.flags.get(bytes),
      sequence: nlmsghdr.sequence.get(bytes),
      body: bytes.subarray(nlmsghdr.size, length),
    });
    at += align(length);
  }
  return replies;
}

/** The attributes after a fixed head, by type; of two with the same type the last one counts. */
export class Attributes {
  readonly #types: number[] = [];
  readonly #values: Uint8Array[] = [];

  /** `bytes` from `start` on; what is cut off at the end is left out. */
  constructor(bytes: Uint8Array, start: number) {
    let at = start;
    while (at + nlattr.size <= bytes.length) {
      const head = bytes.subarray(at);
      const length = nlattr.length.get(head);
      if (length < nlattr.size || length > head.length) break;
      this.#types.push(nlattr.type.get(head) & ~(NLA_F_NESTED | NLA_F_NET_BYTEORDER));
      this.#values.push(head.subarray(nlattr.size, length));
      at += align(length);
    }
  }

  /** The value of an attribute; no bytes when there is none. */
  bytes(type: number): Uint8Array {
    for (let at = this.#values.length - 1; at >= 0; at--) {
      if (this.#types[at]! === type) return this.#values[at]!;
    }
    return new Uint8Array(0);
  }

  text(type: number): string {
    return textOf(this.bytes(type));
  }

  /** The texts of all attributes of a type, in order. */
  texts(type: number): string[] {
    const found: string[] = [];
    for (let i = 0; i < this.#values.length; i++) {
      if (this.#types[i]! === type) found.push(textOf(this.#values[i]!));
    }
    return found;
  }

  /** The number of an attribute of 1 byte, or `absent`. */
  u8(type: number, absent: number): number {
    return this.bytes(type)[0] ?? absent;
  }

  /** The number of an attribute of 2 bytes, or `absent`. */
  u16(type: number, absent: number): number {
    const bytes = this.bytes(type);
    return bytes.length < 2 ? absent : half.get(bytes);
  }

  /** The number of an attribute of 4 bytes, or `absent`. */
  u32(type: number, absent: number): number {
    const bytes = this.bytes(type);
    return bytes.length < 4 ? absent : word.get(bytes);
  }

  i32(type: number, absent: number): number {
    const bytes = this.bytes(type);
    return bytes.length < 4 ? absent : signed.get(bytes);
  }

  nested(type: number): Attributes {
    return new Attributes(this.bytes(type), 0);
  }
}

/** What an NLMSG_ERROR message says. */
export interface Verdict {
  /** 0 when the request was done. */
  readonly errno: number;
  /** The kernel's own words (NETLINK_EXT_ACK), often none. */
  readonly text: string;
}

export function verdictIn(reply: NetlinkReply): Verdict {
  if (reply.body.length < nlmsgerr.size) return { errno: EPROTO, text: "" };
  const errno = -nlmsgerr.error.get(reply.body);
  if ((reply.flags & NLM_F_ACK_TLVS) === 0) return { errno, text: "" };
  // Unless the answer is capped the whole request comes before the attributes.
  const whole = nlmsghdr.length.get(nlmsgerr.request.get(reply.body)) - nlmsghdr.size;
  const start = nlmsgerr.size + ((reply.flags & NLM_F_CAPPED) === 0 ? align(Math.max(0, whole)) : 0);
  return { errno, text: new Attributes(reply.body, start).text(NLMSGERR_ATTR_MSG) };
}

function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}
