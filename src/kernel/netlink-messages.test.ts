import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Attributes, NetlinkMessage, repliesIn, verdictIn } from "./netlink-messages.ts";

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

function whole(message: NetlinkMessage, sequence: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(message.length);
  message.writeTo(bytes, sequence, flags);
  return bytes;
}

test("attributes are padded to four bytes, and a nest spans what is in it", () => {
  const message = new NetlinkMessage(16, 1, new Uint8Array([9]));
  message.text(3, "br0");
  const nest = message.open(18);
  message.u32(4, 1500);
  message.bytes(1, new Uint8Array([1, 2, 3]));
  message.close(nest);
  equal(
    hex(whole(message, 7, 4)),
    "30000000 1000 0500 07000000 00000000 09000000 0800 0300 62723000 1400 1280 0800 0400 dc050000 0700 0100 01020300".replaceAll(
      " ",
      "",
    ),
  );
});

test("a message grows beyond its first buffer", () => {
  const message = new NetlinkMessage(16, 1, new Uint8Array(0));
  for (let i = 0; i < 100; i++) message.u32(i, i);
  const attributes = new Attributes(whole(message, 1, 0), 16);
  deepEqual([message.length, attributes.u32(99, -1), attributes.u32(100, -1)], [816, 99, -1]);
});

test("what was written is read again", () => {
  const message = new NetlinkMessage(16, 1, new Uint8Array(16));
  message.text(3, "veth0");
  message.i32(46, -1);
  const nest = message.open(18);
  message.text(1, "bridge");
  message.close(nest);
  const replies = repliesIn(whole(message, 3, 0));
  const body = replies[0]?.body ?? new Uint8Array(0);
  const attributes = new Attributes(body, 16);
  deepEqual(
    [replies.length, replies[0]?.type, replies[0]?.sequence, attributes.text(3), attributes.i32(46, 0)],
    [1, 16, 3, "veth0", -1],
  );
  equal(attributes.nested(18).text(1), "bridge");
});

test("a datagram that is cut off anywhere gives only whole messages and attributes", () => {
  const message = new NetlinkMessage(16, 1, new Uint8Array(16));
  message.text(3, "veth0");
  const bytes = whole(message, 1, 0);
  for (let length = 0; length < bytes.length; length++) deepEqual(repliesIn(bytes.subarray(0, length)), []);
  for (let length = 0; length < bytes.length - 16; length++)
    new Attributes(bytes.subarray(16, 16 + length), 16).text(3);
});

test("lengths that lie end the reading", () => {
  deepEqual(repliesIn(fromHex("ffffff7f 1000 0000 01000000 00000000")), []);
  deepEqual(repliesIn(fromHex("00000000 1000 0000 01000000 00000000")), []);
  equal(new Attributes(fromHex("0300 0100 0800 0200 01000000"), 0).u32(2, -1), -1);
  equal(new Attributes(fromHex("ffff 0100 01000000"), 0).u32(1, -1), -1);
});

test("a refusal carries the kernel's words, after the request if that is repeated", () => {
  const request = "18000000 1000 0500 01000000 00000000";
  const text = "0900 0100 6e6f7065 00000000".replaceAll(" ", "");
  const capped = fromHex(`30000000 0200 0003 01000000 00000000 efffffff ${request} ${text}`);
  const full = fromHex(`38000000 0200 0002 01000000 00000000 efffffff ${request} 0102030405060708 ${text}`);
  const bare = fromHex(`24000000 0200 0000 01000000 00000000 efffffff ${request}`);
  const verdicts = [capped, full, bare].map((bytes) => repliesIn(bytes).map((reply) => verdictIn(reply)));
  deepEqual(verdicts, [[{ errno: 17, text: "nope" }], [{ errno: 17, text: "nope" }], [{ errno: 17, text: "" }]]);
});

test("a refusal that is too short is a protocol error, never a success", () => {
  const replies = repliesIn(fromHex("14000000 0200 0000 01000000 00000000 00000000"));
  deepEqual(
    replies.map((reply) => verdictIn(reply)),
    [{ errno: 71, text: "" }],
  );
});
