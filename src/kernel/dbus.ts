// Messages of D-Bus, as bytes: the D-Bus Specification, "Message Protocol". Pure.
//
// Little-endian only, as both ends are on one machine; and only the types that service managers are talked to with.

import { LxcError } from "../base/errors.ts";
import { bytesOfText } from "./memory.ts";

export const METHOD_CALL = 1;
export const METHOD_RETURN = 2;
export const ERROR = 3;
export const SIGNAL = 4;

/** More is taken from nobody; the specification allows 128 MiB. */
export const LONGEST_MESSAGE = 1048576;

/** The part in front of the fields: it tells how long the whole is. */
export const HEAD_SIZE = 16;

const LITTLE_ENDIAN = 108;
const PROTOCOL = 1;

const PATH = 1;
const INTERFACE = 2;
const MEMBER = 3;
const ERROR_NAME = 4;
const REPLY_SERIAL = 5;
const DESTINATION = 6;
const SENDER = 7;
const SIGNATURE = 8;

/** One message. Fields that it does not have are "", and 0 for the serial. */
export interface DbusMessage {
  /** METHOD_CALL, METHOD_RETURN, ERROR or SIGNAL. */
  readonly type: number;
  readonly serial: number;
  /** Of the call that this answers. */
  readonly replySerial: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly errorName: string;
  readonly destination: string;
  readonly sender: string;
  /** The types of the arguments, such as `ss`. */
  readonly signature: string;
  /** The arguments. */
  readonly body: Uint8Array;
}

/** A call of a method of an object of another program. */
export interface DbusCall {
  /** Who it is for; "" where there is only one. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly body: Uint8Array;
}

/** Bytes that grow, each value aligned as the format wants it. */
export class DbusWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  byte(value: number): DbusWriter {
    this.#grow(1);
    this.#bytes[this.#length] = value;
    this.#length++;
    return this;
  }

  number(value: number): DbusWriter {
    this.align(4);
    this.#grow(4);
    this.#put(this.#length, value);
    this.#length += 4;
    return this;
  }

  flag(value: boolean): DbusWriter {
    return this.number(value ? 1 : 0);
  }

  /** Also an object path. */
  text(value: string): DbusWriter {
    const bytes = bytesOfText(value);
    return this.number(bytes.length).#raw(bytes).byte(0);
  }

  signature(value: string): DbusWriter {
    const bytes = bytesOfText(value);
    return this.byte(bytes.length).#raw(bytes).byte(0);
  }

  /** What `items` writes, as an array of elements that are aligned to `alignment`. */
  array(alignment: number, items: (writer: DbusWriter) => void): DbusWriter {
    this.number(0);
    const at = this.#length - 4;
    this.align(alignment);
    // The padding in front of the first element does not count.
    const start = this.#length;
    items(this);
    this.#put(at, this.#length - start);
    return this;
  }

  align(alignment: number): DbusWriter {
    while (this.#length % alignment !== 0) this.byte(0);
    return this;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #raw(bytes: Uint8Array): DbusWriter {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #grow(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array((this.#length + count) * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  #put(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = Math.floor(value / 256 ** i) % 256;
  }
}

/** Reads values one after the other, and never beyond the end: throws there. */
export class DbusReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    this.#need(1);
    const value = this.#bytes[this.#at] ?? 0;
    this.#at++;
    return value;
  }

  number(): number {
    this.align(4);
    this.#need(4);
    let value = 0;
    for (let i = 3; i >= 0; i--) value = value * 256 + (this.#bytes[this.#at + i] ?? 0);
    this.#at += 4;
    return value;
  }

  /** Also an object path. */
  text(): string {
    return this.#raw(this.number());
  }

  signature(): string {
    return this.#raw(this.byte());
  }

  align(alignment: number): void {
    while (this.#at % alignment !== 0) this.byte();
  }

  at(): number {
    return this.#at;
  }

  /** What is left. */
  rest(): Uint8Array {
    return this.#bytes.slice(this.#at);
  }

  #raw(length: number): string {
    this.#need(length + 1);
    const text = new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length + 1;
    return text;
  }

  #need(count: number): void {
    if (this.#at + count > this.#bytes.length) throw broken("it ends too early");
  }
}

/** The bytes of a call; `serial` is a number that no other call of this connection has, and not 0. */
export function encodeCall(serial: number, call: DbusCall): Uint8Array {
  const texts = [
    { code: PATH, type: "o", value: call.path },
    { code: INTERFACE, type: "s", value: call.interface },
    { code: MEMBER, type: "s", value: call.member },
    { code: DESTINATION, type: "s", value: call.destination },
  ];
  const head = new DbusWriter().byte(LITTLE_ENDIAN).byte(METHOD_CALL).byte(0).byte(PROTOCOL);
  head.number(call.body.length).number(serial);
  head.array(8, (fields) => {
    for (const { code, type, value } of texts) {
      if (value !== "") fields.align(8).byte(code).signature(type).text(value);
    }
    if (call.signature !== "") fields.align(8).byte(SIGNATURE).signature("g").signature(call.signature);
  });
  const front = head.align(8).bytes();
  const message = new Uint8Array(front.length + call.body.length);
  message.set(front);
  message.set(call.body, front.length);
  return message;
}

/** How many bytes the message has that begins with these HEAD_SIZE ones. Throws when it is none that we take. */
export function messageLength(head: Uint8Array): number {
  const reader = new DbusReader(head);
  if (reader.byte() !== LITTLE_ENDIAN) throw broken("it is not of this machine's byte order");
  reader.byte();
  reader.byte();
  if (reader.byte() !== PROTOCOL) throw broken("it is of another version of the protocol");
  const body = reader.number();
  reader.number();
  const fields = reader.number();
  const length = HEAD_SIZE + Math.ceil(fields / 8) * 8 + body;
  if (length > LONGEST_MESSAGE) throw broken(`it has ${length} bytes`);
  return length;
}

/** Reads a whole message. Throws when it is none. */
export function decodeMessage(bytes: Uint8Array): DbusMessage {
  if (messageLength(bytes) !== bytes.length) throw broken("it is not as long as it says");
  const reader = new DbusReader(bytes);
  reader.byte();
  const type = reader.byte();
  const bodyLength = reader.number();
  const serial = reader.number();
  const end = reader.number() + HEAD_SIZE;
  const texts: string[] = ["", "", "", "", "", "", "", "", ""];
  let replySerial = 0;
  while (reader.at() < end) {
    reader.align(8);
    const code = reader.byte();
    const kind = reader.signature();
    if (kind === "u" && code === REPLY_SERIAL) replySerial = reader.number();
    else if (kind === "u") reader.number();
    else if (kind === "s" || kind === "o") noteText(texts, code, reader.text());
    else if (kind === "g") noteText(texts, code, reader.signature());
    else throw broken(`it has a field of type ${kind}`);
  }
  return {
    type,
    serial,
    replySerial,
    path: texts[PATH] ?? "",
    interface: texts[INTERFACE] ?? "",
    member: texts[MEMBER] ?? "",
    errorName: texts[ERROR_NAME] ?? "",
    destination: texts[DESTINATION] ?? "",
    sender: texts[SENDER] ?? "",
    signature: texts[SIGNATURE] ?? "",
    body: bytes.slice(bytes.length - bodyLength),
  };
}

/** A field that we do not know is passed over, as the specification wants it. */
function noteText(texts: string[], code: number, text: string): void {
  if (code < texts.length) texts[code] = text;
}

const DIGITS = "0123456789abcdef";

/** Two digits. */
export function hexByte(byte: number): string {
  return DIGITS.charAt(byte >>> 4) + DIGITS.charAt(byte & 15);
}

function broken(reason: string): LxcError {
  return new LxcError("unsupported", "read a message of D-Bus", reason);
}
