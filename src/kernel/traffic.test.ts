import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { NetlinkRequest } from "./netlink.ts";
import { repliesIn } from "./netlink-messages.ts";
import { dropReceived, type LinkLimits, limitsIn, policeBurst, queueBurst, slowSending } from "./traffic.ts";

/** What the kernel says of a limit is built like what is asked of it. */
function readBack(...requests: NetlinkRequest[]): LinkLimits {
  return limitsIn(
    requests.map(({ message }) => {
      const bytes = new Uint8Array(message.length);
      message.writeTo(bytes, 1, 0);
      return repliesIn(bytes)[0]!;
    }),
  );
}

test("a limit is read as it was set, also beyond 32 bits of bytes a second", () => {
  deepEqual(readBack(slowSending(3, 10_000_000, "x"), dropReceived(3, 8_000_000, "x")), {
    sentBits: 10_000_000,
    receivedBits: 8_000_000,
  });
  deepEqual(readBack(slowSending(3, 1e11, "x"), dropReceived(3, 1e12, "x")), { sentBits: 1e11, receivedBits: 1e12 });
  deepEqual(readBack(), { sentBits: 0, receivedBits: 0 });
});

test("what may come at once holds a whole packet, and grows with the rate up to what 32 bits hold", () => {
  deepEqual([8000, 1e7, 1e9, 1e12].map(queueBurst), [16384, 16384, 1_250_000, 1_250_000_000]);
  deepEqual([8000, 1e7, 1e9, 1e12].map(policeBurst), [73728, 250_000, 25_000_000, 4_294_967_295]);
});
