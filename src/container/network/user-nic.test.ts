import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { madeNicIn } from "./user-nic.ts";

test("what was made is the last line that the helper says, and nothing else is taken for it", () => {
  const made = { inside: "eth0", insideIndex: 2, host: "veth1000_aaaa", hostIndex: 731 };
  deepEqual(madeNicIn("eth0:2:veth1000_aaaa:731"), made);
  deepEqual(madeNicIn("../src/lxc/x.c: 1: f: a warning\neth0:2:veth1000_aaaa:731"), made);
  for (const said of ["", "eth0", "eth0:2:veth", "eth0:2:veth:x", "eth0:0:veth:1", "a/b:2:veth:1", "eth0:2:veth:1:2"]) {
    throws(() => madeNicIn(said), /its answer is none/, said);
  }
});
