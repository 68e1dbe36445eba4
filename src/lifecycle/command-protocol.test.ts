import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { cString } from "../kernel/memory.ts";
import {
  ANSWER_SIZE,
  CONTEXT_SIZE,
  commandNamed,
  commandNumbered,
  commands,
  decodeAnswer,
  decodeCgroupContext,
  decodeConsoleLog,
  decodeController,
  decodeMask,
  decodeRequest,
  encodeAnswer,
  encodeCgroupContext,
  encodeConsoleLog,
  encodeController,
  encodeMask,
  encodeRequest,
  isBodyFor,
  maskOf,
  REQUEST_SIZE,
} from "./command-protocol.ts";
import { decodeStateMessage, encodeExitMessage, encodeStateMessage, MESSAGE_SIZE } from "./life-message.ts";

/** The bytes as LXC's structs have them on a 64-bit machine. */
function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.split(" ").join(""), "hex"));
}

test("the structs have LXC's sizes", () => {
  deepEqual(
    [REQUEST_SIZE, ANSWER_SIZE, MESSAGE_SIZE, CONTEXT_SIZE, encodeController("memory").length, encodeMask([]).length],
    [16, 16, 264, 96, 80, 32],
  );
});

test("a command stands at its number, and there are LXC's 27", () => {
  deepEqual(
    commands.map((command) => command.number),
    commands.map((_, i) => i),
  );
  equal(commands.length, 27);
  equal(commandNamed("get_cgroup_ctx").number, 23);
  deepEqual([commandNumbered(-1), commandNumbered(27)], [undefined, undefined]);
});

test("a request is LXC's, byte for byte", () => {
  deepEqual(
    encodeRequest(commandNamed("get_config_item"), 0, cString("lxc.arch")),
    bytesOf("07000000 09000000 0000000000000000 6c78632e6172636800"),
  );
  deepEqual(
    encodeRequest(commandNamed("get_tty_fd"), -1, new Uint8Array(0)),
    bytesOf("00000000 00000000 ffffffffffffffff"),
  );
});

test("of a request's pointer only the lower half is a number", () => {
  deepEqual(decodeRequest(bytesOf("0c000000 00000000 05000000fdffffff")), { number: 12, bodyLength: 0, value: 5 });
  deepEqual(decodeRequest(bytesOf("00000000 00000000 ffffffffffffffff")), { number: 0, bodyLength: 0, value: -1 });
});

test("a request that is short, or has a length that nobody has, is none", () => {
  deepEqual(
    [
      decodeRequest(new Uint8Array(15)),
      decodeRequest(bytesOf("07000000 ffffffff 0000000000000000")),
      decodeRequest(bytesOf("07000000 01200000 0000000000000000")),
      decodeRequest(bytesOf("07000000 ffffff7f 0000000000000000")),
    ],
    [undefined, undefined, undefined, undefined],
  );
  equal(decodeRequest(bytesOf("07000000 00200000 0000000000000000"))?.bodyLength, 8192);
});

test("an answer comes back as it was sent, and a length that nobody has is refused", () => {
  const bytes = encodeAnswer(-22, -1, cString("x"));
  deepEqual(bytes, bytesOf("eaffffff 02000000 ffffffffffffffff 7800"));
  deepEqual(decodeAnswer(bytes), { result: -22, bodyLength: 2, value: -1 });
  deepEqual(decodeAnswer(bytes.subarray(0, 15)), undefined);
  deepEqual(decodeAnswer(bytesOf("00000000 ffffff7f 0000000000000000")), undefined);
  deepEqual(decodeAnswer(bytesOf("ffffffff ffffffff 0000000000000000")), { result: -1, bodyLength: 0, value: 0 });
});

test("a request for the console's buffer is LXC's, byte for byte, and may be longer", () => {
  const bytes = encodeConsoleLog({ read: true, clear: false, mostBytes: 0x0102_0304_0506 });
  deepEqual(bytes, bytesOf("00 01 000000000000 0605040302010000 0000000000000000"));
  deepEqual(decodeConsoleLog(bytes), { read: true, clear: false, mostBytes: 0x0102_0304_0506 });
  const longer = bytesOf("ff 00 ffffffffffff ffffffffffffffff 01ffffffffffffff ffff");
  deepEqual(decodeConsoleLog(longer), { read: false, clear: true, mostBytes: 2 ** 64 });
});

test("the console's buffer may be longer than any other answer", () => {
  const head = bytesOf("00000000 00000200 0000000000000000");
  deepEqual([decodeAnswer(head), decodeAnswer(head, 131072)?.bodyLength], [undefined, 131072]);
});

test("a text ends at its last byte and nowhere else", () => {
  const item = commandNamed("get_config_item");
  const good = [cString("lxc.arch"), cString("a")];
  const bad = [new Uint8Array(0), cString(""), bytesOf("6c7863"), bytesOf("6c00 7800"), bytesOf("6c0000")];
  deepEqual(
    good.concat(bad).map((body) => isBodyFor(item, body)),
    [true, true, false, false, false, false, false],
  );
  deepEqual(
    [new Uint8Array(0), cString(""), bytesOf("6c")].map((body) => isBodyFor(commandNamed("get_cgroup"), body)),
    [true, true, false],
  );
});

test("a mask has as many numbers as there are states", () => {
  const mask = maskOf(["STOPPED", "RUNNING"], 2);
  deepEqual(decodeMask(encodeMask(mask)), [2, 0, 2, 0, 0, 0, 0, 0]);
  deepEqual([decodeMask(new Uint8Array(28)), decodeMask(new Uint8Array(36))], [undefined, undefined]);
});

test("a message tells of a state, with 256 bytes for the name", () => {
  const bytes = encodeStateMessage("c1", "FROZEN");
  equal(decodeStateMessage(bytes), "FROZEN");
  deepEqual([bytes[0], bytes[4], bytes[5], bytes[6], bytes[260]], [0, 99, 49, 0, 6]);
  deepEqual(
    [decodeStateMessage(bytes.subarray(0, 263)), decodeStateMessage(encodeExitMessage("c1", 256))],
    [undefined, undefined],
  );
  equal(encodeStateMessage("x".repeat(255), "RUNNING").length, 264);
});

test("a context is cut to what the client knows of", () => {
  const context = { layout: 1, utilities: 2, descriptors: [7, 8] };
  const bytes = encodeCgroupContext(context, 200);
  deepEqual([bytes.length, encodeCgroupContext(context, 12)], [96, bytesOf("01000000 02000000 02000000")]);
  deepEqual(decodeCgroupContext(bytes, [3, 4]), { layout: 1, utilities: 2, descriptors: [3, 4] });
  deepEqual(decodeCgroupContext(bytes.subarray(0, 8), []), undefined);
});

test("a controller has a name, and its end in 64 bytes", () => {
  deepEqual(decodeController(encodeController("cpuacct")), { controller: "cpuacct", type: 0 });
  const endless = encodeController("");
  for (let i = 16; i < 80; i++) endless[i] = 97;
  deepEqual([decodeController(encodeController("")), decodeController(endless)], [undefined, undefined]);
});
