import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent, encodeExitMessage, encodeStateMessage, isMessageAt, MESSAGE_SIZE } from "./life-message.ts";
import { MessageStream } from "./message-stream.ts";

const RUNNING = encodeStateMessage("c1", "RUNNING");
const STOPPED = encodeStateMessage("web", "STOPPED");
const ENDED = encodeExitMessage("c1", 7 * 256);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function namesIn(messages: readonly Uint8Array[]): string[] {
  return messages.map((message) => {
    const event = decodeEvent(message);
    return event === undefined ? "?" : `${event.name} ${event.kind} ${event.state} ${event.status}`;
  });
}

test("messages are found however they are cut", () => {
  const all = joined(RUNNING, ENDED, STOPPED);
  for (const size of [1, 100, 263, 264, 265, 792]) {
    const stream = new MessageStream();
    const found: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += size) found.push(...stream.take(all.subarray(at, at + size)));
    deepEqual(namesIn(found), ["c1 state RUNNING 0", "c1 exit STOPPED 1792", "web state STOPPED 0"], String(size));
  }
});

test("what is no message is passed over, and what follows is found", () => {
  for (const nonsense of [
    Uint8Array.of(1),
    new Uint8Array(300),
    new Uint8Array(264).fill(255),
    RUNNING.subarray(0, 100),
    RUNNING.subarray(3),
    encodeExitMessage("c1", -1).subarray(10),
    new Uint8Array(5000).fill(1),
  ]) {
    deepEqual(namesIn(new MessageStream().take(joined(nonsense, ENDED, STOPPED))), [
      "c1 exit STOPPED 1792",
      "web state STOPPED 0",
    ]);
  }
});

test("a message that its writer did not end is given up, not completed by the next one", () => {
  const stream = new MessageStream();
  deepEqual(stream.take(RUNNING.subarray(0, 200)), []);
  stream.drop();
  deepEqual(namesIn(stream.take(ENDED)), ["c1 exit STOPPED 1792"]);
});

test("a message has a known type and state, and a name that ends, with nothing after it", () => {
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = RUNNING.slice();
    bytes[at] = value;
    return bytes;
  };
  equal(isMessageAt(RUNNING, 0), true);
  equal(isMessageAt(changed(0, 1), 0), true);
  const wrong = [changed(0, 3), changed(1, 1), changed(4, 0), changed(200, 65), changed(260, 8), changed(263, 255)];
  deepEqual(
    wrong.map((bytes) => isMessageAt(bytes, 0)),
    wrong.map(() => false),
  );
  const unending = new Uint8Array(MESSAGE_SIZE).fill(65, 4, 260);
  equal(isMessageAt(unending, 0), false);
  equal(decodeEvent(RUNNING.subarray(1)), undefined);
});
