import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { maskOf } from "./command-protocol.ts";
import { firstAnswer, isWaitingFor, monitorFifoOf, waitsAcrossReboot } from "./state-clients.ts";

test("who wants a state that is so already is answered at once, and who wants it the next time waits", () => {
  const answers = [1, 2].map((how) => firstAnswer(maskOf(["RUNNING"], how), "RUNNING"));
  deepEqual(answers, [2, 8]);
  equal(firstAnswer(maskOf(["STOPPED"], 1), "RUNNING"), 8);
});

test("both are told when it comes, and only the second waits across a reboot", () => {
  const masks = [maskOf(["RUNNING"], 1), maskOf(["RUNNING"], 2), maskOf(["STOPPED"], 1)];
  deepEqual(
    masks.map((mask) => [isWaitingFor(mask, "RUNNING"), waitsAcrossReboot(mask)]),
    [
      [true, false],
      [true, true],
      [false, false],
    ],
  );
});

test("lxc-monitord reads where LXC has it", () => {
  const container = { name: "c1", lxcpath: "/var/lib/lxc" };
  equal(monitorFifoOf("/run", container), "/run/lxc/var/lib/lxc/monitor-fifo");
});
