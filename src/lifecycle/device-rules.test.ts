import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { DeviceRule } from "../isolation/cgroup/devices.ts";
import { decodeDeviceRules, encodeDeviceRules } from "./device-rules.ts";

const FULL: DeviceRule = { allow: true, type: "c", major: 1, minor: 7, access: 2 };
const RESET: DeviceRule = { allow: false, type: "a", major: -1, minor: -1, access: 0 };

/** What lxc-cgroup of LXC 5.0.2 sends for `devices.allow "c 1:7 r"` and for `devices.deny a`. */
const OF_LXC = [
  "63000000010000000700000072000000010000000000000000000000000000000000000000000000",
  "61000000ffffffffffffffff00000000000000000000000000000000000000000000000000000000",
];

test("one rule is LXC's struct", () => {
  deepEqual(
    [FULL, RESET].map((rule) => Buffer.from(encodeDeviceRules([rule])).toString("hex")),
    OF_LXC,
  );
  deepEqual(decodeDeviceRules(Buffer.from(OF_LXC.join(""), "hex")), [FULL, RESET]);
});

test("the struct of LXC 4, without what follows, is read too", () => {
  deepEqual(decodeDeviceRules(encodeDeviceRules([FULL]).slice(0, 20)), [FULL]);
});

test("what is no rule is refused, also among others", () => {
  const good = encodeDeviceRules([FULL, RESET]);
  const changes = [
    [0, 100],
    [7, 255],
    [12, 120],
    [12, 0],
    [16, 2],
    [40, 98],
  ] as const;
  for (const [at, value] of changes) {
    const wrong = good.slice();
    wrong[at] = value;
    equal(decodeDeviceRules(wrong), undefined, `byte ${at}`);
  }
  equal(decodeDeviceRules(new Uint8Array(0)), undefined);
  equal(decodeDeviceRules(good.slice(0, 60)), undefined);
  equal(decodeDeviceRules(new Uint8Array(21)), undefined);
});
