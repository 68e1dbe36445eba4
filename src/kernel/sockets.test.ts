import { equal } from "node:assert/strict";
import { test } from "node:test";
import { fakeKernel } from "../../test/fake/kernel.ts";
import { nextLength, tryReceive } from "./sockets.ts";

const ECONNRESET = 104;

/** How many bytes come when recvmsg(2) answers so, call by call. */
function received(...answers: number[]): number {
  fakeKernel().on("recvmsg", () => answers.shift() ?? 0);
  const got = tryReceive(3, 16);
  return typeof got === "number" ? got : got.bytes.length;
}

test("what the other side said before it closed is heard, also when it left something unread", () => {
  equal(received(-ECONNRESET, 5), 5);
  equal(received(-ECONNRESET, 0), 0);
  equal(received(-ECONNRESET, -ECONNRESET), 0);
  equal(received(-11), -11);
});

test("room is made for the message that comes, and for the longest where that is not known", () => {
  for (const [answer, room] of [
    [5, 5],
    [0, 0],
    [17, 16],
    [-ECONNRESET, 16],
  ] as const) {
    fakeKernel().on("recvfrom", () => answer);
    equal(nextLength(3, 16), room);
  }
});
