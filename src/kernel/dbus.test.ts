import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { DbusReader, DbusWriter, decodeMessage, encodeCall, hexByte, messageLength, SIGNAL } from "./dbus.ts";

const HELLO = `6c010001 00000000 01000000 6d000000
01016f00 15000000 2f6f7267 2f667265 65646573 6b746f70 2f444275 73000000
02017300 14000000 6f72672e 66726565 6465736b 746f702e 44427573 00000000
03017300 05000000 48656c6c 6f000000
06017300 14000000 6f72672e 66726565 6465736b 746f702e 44427573 00000000`;

/** What systemd 252 sent through dbus-daemon 1.14 when the scope of a test was there. */
const JOB_REMOVED = `6c040101 49000000 10000000 8d000000 01016f00 19000000 2f6f7267 2f667265
65646573 6b746f70 2f737973 74656d64 31000000 00000000 02017300 20000000
6f72672e 66726565 6465736b 746f702e 73797374 656d6431 2e4d616e 61676572
00000000 00000000 03017300 0a000000 4a6f6252 656d6f76 65640000 00000000
08016700 04756f73 73000000 00000000 07017300 04000000 3a312e31 00000000
23000000 20000000 2f6f7267 2f667265 65646573 6b746f70 2f737973 74656d64
312f6a6f 622f3335 00000000 0e000000 6c78632d 63312d30 2e73636f 70650000
04000000 646f6e65 00`;

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (digits) => parseInt(digits, 16));
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => hexByte(byte)).join("");
}

const HELLO_CALL = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member: "Hello",
  signature: "",
  body: new Uint8Array(0),
};

test("a call is the bytes that the specification wants", () => {
  equal(hexOf(encodeCall(1, HELLO_CALL)), HELLO.replaceAll(/\s/g, ""));
});

test("a call comes back as what it was", () => {
  const body = new DbusWriter().text("a").number(7).bytes();
  const message = decodeMessage(encodeCall(3, { ...HELLO_CALL, destination: "", signature: "su", body }));
  deepEqual(
    { ...message, body: hexOf(message.body) },
    {
      type: 1,
      serial: 3,
      replySerial: 0,
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus",
      member: "Hello",
      errorName: "",
      destination: "",
      sender: "",
      signature: "su",
      body: "0100000061000000" + "07000000",
    },
  );
});

test("values are aligned, and an array's length leaves out the padding in front of its first element", () => {
  const bytes = new DbusWriter()
    .byte(1)
    .array(8, (items) => items.align(8).text("x").signature("b").flag(true))
    .bytes();
  equal(hexOf(bytes), "01000000" + "10000000" + "01000000" + "7800" + "016200" + "000000" + "01000000");
  const reader = new DbusReader(bytes);
  deepEqual([reader.byte(), reader.number()], [1, bytes.length - 8]);
  reader.align(8);
  deepEqual([reader.text(), reader.signature(), reader.number()], ["x", "b", 1]);
});

test("an empty array of elements that are aligned to 8 is padded", () => {
  equal(new DbusWriter().array(8, () => undefined).bytes().length, 8);
  equal(new DbusWriter().array(4, () => undefined).bytes().length, 4);
});

test("a signal is read", () => {
  const bytes = bytesOf(JOB_REMOVED);
  equal(messageLength(bytes.subarray(0, 16)), bytes.length);
  const message = decodeMessage(bytes);
  deepEqual([message.type, message.member, message.signature], [SIGNAL, "JobRemoved", "uoss"]);
  const reader = new DbusReader(message.body);
  deepEqual(
    [reader.number(), reader.text(), reader.text(), reader.text(), reader.rest().length],
    [35, "/org/freedesktop/systemd1/job/35", "lxc-c1-0.scope", "done", 0],
  );
});

test("no prefix of a message is read beyond its end, and no length is believed", () => {
  const bytes = bytesOf(JOB_REMOVED);
  for (let length = 0; length < bytes.length; length++) {
    throws(() => decodeMessage(bytes.slice(0, length)), { code: "unsupported" });
  }
  for (const [at, value] of [
    [0, 66],
    [3, 2],
    [7, 255],
    [15, 127],
  ] as const) {
    const wrong = bytes.slice();
    wrong[at] = value;
    throws(() => messageLength(wrong.subarray(0, 16)), { code: "unsupported" });
  }
});

test("a message with one byte changed is read or refused, and nothing else", () => {
  const bytes = bytesOf(JOB_REMOVED);
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0, 1, 127, 255]) {
      const wrong = bytes.slice();
      wrong[at] = value;
      try {
        decodeMessage(wrong);
      } catch (caught) {
        equal((caught as { code?: string }).code, "unsupported");
      }
    }
  }
});
