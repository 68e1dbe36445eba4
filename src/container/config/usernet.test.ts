import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "../../base/finding.ts";
import { publishRules, usernetFindings, usernetRules } from "./usernet.ts";

const TEXT = `# users
anna veth lxcbr0 10
@staff\tveth br0 2 # as long as there is room

bert macvlan eth0 1
carl veth lxcbr0
dora veth lxcbr0 many
emil publish lxcbr0 8000-8999,53/udp
@staff publish br0 127.0.0.1:80 # of this host
fred publish lxcbr0 80,
`;

test("users and groups have their devices, and other lines give nobody any", () => {
  deepEqual(usernetRules(TEXT), [
    { who: "anna", isGroup: false, bridge: "lxcbr0", count: 10 },
    { who: "staff", isGroup: true, bridge: "br0", count: 2 },
  ]);
});

test("users and groups may publish ports, by lines that give no devices", () => {
  const none = new Uint8Array(0);
  deepEqual(publishRules(TEXT), [
    {
      who: "emil",
      isGroup: false,
      bridge: "lxcbr0",
      ports: [
        { host: none, first: 8000, last: 8999, protocol: "" },
        { host: none, first: 53, last: 53, protocol: "udp" },
      ],
    },
    {
      who: "staff",
      isGroup: true,
      bridge: "br0",
      ports: [{ host: Uint8Array.of(127, 0, 0, 1), first: 80, last: 80, protocol: "" }],
    },
  ]);
});

test("a line that allows nobody anything is told with what was expected", () => {
  const way = "; write USER veth BRIDGE COUNT or USER publish BRIDGE PORTS, with @GROUP for a group";
  deepEqual(usernetFindings("usernet", TEXT).map(findingLine), [
    `usernet:5:1: error: expected the type veth or publish, not "macvlan"${way}`,
    `usernet:6:1: error: expected four words, not 3${way}`,
    `usernet:7:1: error: expected a whole number of devices, not "many"${way}`,
    `usernet:10:1: error: expected ports such as 8000-8999,53/udp,127.0.0.1:22, not "80,"${way}`,
  ]);
});
