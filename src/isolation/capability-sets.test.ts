import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import {
  capabilitiesFromHex,
  capabilitiesFromStatus,
  capabilitySet,
  commonCapabilities,
  EVERY_CAPABILITY,
  hasCapability,
  NO_CAPABILITY,
  withoutCapabilities,
} from "./capability-sets.ts";

test("a set has both halves, and the highest bit of each", () => {
  deepEqual(capabilitySet([0, 21, 31, 32, 40, 63]), { low: 0x80200001, high: 0x80000101 });
  deepEqual(
    [0, 1, 31, 32, 63].map((capability) => hasCapability({ low: 0x80000000, high: 0x80000000 }, capability)),
    [false, false, true, false, true],
  );
});

test("taking away and keeping in common leave no negative halves", () => {
  deepEqual(withoutCapabilities(EVERY_CAPABILITY, capabilitySet([0, 32])), { low: 0xfffffffe, high: 0xfffffffe });
  deepEqual(commonCapabilities(EVERY_CAPABILITY, { low: 0x80000000, high: 1 }), { low: 0x80000000, high: 1 });
});

test("only sixteen hexadecimal digits are a set", () => {
  deepEqual(capabilitiesFromHex("000001fffffcffff"), { low: 0xfffcffff, high: 0x1ff });
  deepEqual(["", "1ff", "000001fffffcfffg", "0x0001fffffcffff"].map(capabilitiesFromHex), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("the status of a process shows its five sets, or none is believed", () => {
  const set = (name: string, hex: string) => `${name}:\t${hex}\n`;
  const zero = "0000000000000000";
  const text = `Name:\tinit\n${set("CapInh", zero)}${set("CapPrm", "000001ffffffffff")}${set("CapEff", "000001ffffffffff")}${set("CapBnd", "000001fffffeffff")}${set("CapAmb", zero)}`;
  deepEqual(capabilitiesFromStatus(text), {
    inheritable: NO_CAPABILITY,
    permitted: { low: 0xffffffff, high: 0x1ff },
    effective: { low: 0xffffffff, high: 0x1ff },
    bounding: { low: 0xfffeffff, high: 0x1ff },
    ambient: NO_CAPABILITY,
  });
  equal(capabilitiesFromStatus(text.replace("CapBnd", "Name")), undefined);
});
