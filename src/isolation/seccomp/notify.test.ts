import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { modeIn } from "./load.ts";
import { defaultResponse, idKey, idOf, pidOf, proxyMessage, responseIn } from "./notify.ts";

const SIZES = { notification: 80, response: 24, data: 64 };
const ID = [1, 2, 3, 4, 5, 6, 7, 255];

function notification(): Uint8Array {
  const bytes = new Uint8Array(80);
  bytes.set([...ID, 0x39, 0x30]);
  return bytes;
}

test("a question has LXC's header, the notification, room for the response with its id, and the cookie", () => {
  const message = proxyMessage(notification(), SIZES, { monitorPid: 7, initPid: 258, cookie: "ab" });
  deepEqual(
    [...message.slice(0, 32)],
    [
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[7, 0, 0, 0, 2, 1, 0, 0],
      ...[80, 0, 24, 0, 64, 0, 0, 0],
      ...[2, 0, 0, 0, 0, 0, 0, 0],
    ],
  );
  deepEqual([...message.slice(32, 112)], [...notification()]);
  deepEqual([...message.slice(112, 136)], [...ID, ...new Array<number>(16).fill(0)]);
  deepEqual([...message.slice(136)], [97, 98]);
  equal(pidOf(notification()), 12345);
});

test("structs that a later kernel has larger move what follows", () => {
  const sizes = { notification: 96, response: 32, data: 80 };
  const message = proxyMessage(notification(), sizes, { monitorPid: 1, initPid: 1, cookie: "" });
  equal(message.length, 32 + 96 + 32);
  deepEqual([...message.slice(128, 136)], ID);
  deepEqual(responseIn(message, sizes)?.length, 32);
});

test("an answer is a message without a cookie, whole, with an empty head", () => {
  const question = proxyMessage(notification(), SIZES, { monitorPid: 7, initPid: 258, cookie: "ab" });
  const answer = question.slice(0, 136);
  answer[120] = 5;
  const response = responseIn(answer, SIZES);
  deepEqual([...(response ?? [])], [...ID, 5, ...new Array<number>(15).fill(0)]);
  equal(idKey(response ?? new Uint8Array(8)), idKey(notification()));
  equal(responseIn(question, SIZES), undefined);
  equal(responseIn(answer.slice(0, 135), SIZES), undefined);
  equal(responseIn(new Uint8Array(0), SIZES), undefined);
  for (let at = 0; at < 8; at++) {
    const touched = answer.slice();
    touched[at] = 1;
    equal(responseIn(touched, SIZES), undefined);
  }
});

test("without an answer a call is not there", () => {
  deepEqual(
    [...defaultResponse(idOf(notification()), SIZES)],
    [...ID, 0, 0, 0, 0, 0, 0, 0, 0, 218, 255, 255, 255, 0, 0, 0, 0],
  );
});

test("the mode of a process", () => {
  deepEqual(
    ["Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n", "\nSeccomp:\t2\n", "Name:\tx\n", ""].map(modeIn),
    [0, 2, -1, -1],
  );
});
