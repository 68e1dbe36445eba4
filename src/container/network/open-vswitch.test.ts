import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { vlanWords } from "./open-vswitch.ts";

test("a port's own VLAN, tagged ones, or both have LXC's modes", () => {
  deepEqual(vlanWords({ left: 0, own: -1, tagged: [] }), []);
  deepEqual(vlanWords({ left: 0, own: 7, tagged: [] }), ["vlan_mode=access", "tag=7"]);
  deepEqual(vlanWords({ left: 0, own: -1, tagged: [8, 9] }), ["vlan_mode=trunk", "trunks=8,9"]);
  deepEqual(vlanWords({ left: 0, own: 7, tagged: [8] }), ["vlan_mode=native-untagged", "tag=7", "trunks=8"]);
});
