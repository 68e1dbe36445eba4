import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "../../base/finding.ts";
import { usernetFindings, usernetRules } from "./usernet.ts";

const TEXT = `# users
anna veth lxcbr0 10
@staff\tveth br0 2 # as long as there is room

bert macvlan eth0 1
carl veth lxcbr0
dora veth lxcbr0 many
`;

test("users and groups have their devices, and other lines give nobody any", () => {
  deepEqual(usernetRules(TEXT), [
    { who: "anna", isGroup: false, bridge: "lxcbr0", count: 10 },
    { who: "staff", isGroup: true, bridge: "br0", count: 2 },
  ]);
});

test("a line that gives nobody a device is told with what was expected", () => {
  const way = "; write USER veth BRIDGE COUNT, or @GROUP veth BRIDGE COUNT";
  deepEqual(usernetFindings("usernet", TEXT).map(findingLine), [
    `usernet:5:1: error: expected the type veth, not "macvlan"${way}`,
    `usernet:6:1: error: expected four words, not 3${way}`,
    `usernet:7:1: error: expected a whole number of devices, not "many"${way}`,
  ]);
});
