import { deepEqual, equal, match, notDeepEqual } from "node:assert/strict";
import { test } from "node:test";
import { ipv4Bytes } from "../../base/ip.ts";
import { hostFileIn, hostFileOf, hostFileText, isLabel, leaseholderIn, steadyAddress } from "./names.ts";

const c1 = { name: "c1", lxcpath: "/var/lib/lxc" };
const none = new Uint8Array(0);

function bytes(text: string): Uint8Array {
  return ipv4Bytes(text) ?? none;
}

test("the file says whose it is, and what dnsmasq reads", () => {
  const hwaddr = Uint8Array.of(2, 1, 2, 3, 4, 255);
  const named = { container: c1, index: 0, hwaddr, lease: bytes("10.0.3.7") };
  const text = "# /var/lib/lxc/c1\n02:01:02:03:04:ff,c1,10.0.3.7\n";
  equal(hostFileText(named), text);
  deepEqual(hostFileIn(text), { container: c1, lease: bytes("10.0.3.7") });
  deepEqual(hostFileIn(hostFileText({ ...named, lease: none })), { container: c1, lease: none });
  equal(hostFileIn("02:01:02:03:04:ff,c1\n"), undefined);
});

test("a name that is none for DNS is left out, and cannot make a line of its own", () => {
  const hwaddr = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const container = { name: "a\n02:00:00:00:00:02,web", lxcpath: "/x" };
  equal(
    hostFileText({ container, index: 0, hwaddr, lease: none }),
    "# /x/a 02:00:00:00:00:02,web\n02:00:00:00:00:01\n",
  );
  const names = ["c1", "Web-2", "x".repeat(63), "x".repeat(64), "", "-a", "a-", "a.b", "a_b", "ä", "a,b"];
  deepEqual(names.map(isLabel), [true, true, true, false, false, false, false, false, false, false, false]);
});

test("a container has the same hardware address each time, and no other one has it", () => {
  const address = steadyAddress(c1, 0, "m");
  deepEqual(steadyAddress({ ...c1 }, 0, "m"), address);
  equal((address[0] ?? 0) & 3, 2);
  notDeepEqual(steadyAddress(c1, 1, "m"), address);
  notDeepEqual(steadyAddress(c1, 0, "n"), address);
  notDeepEqual(steadyAddress({ ...c1, lxcpath: "/srv" }, 0, "m"), address);
});

test("files of containers with one name differ, and names of any letters are file names", () => {
  match(hostFileOf(c1, 0), /^c1-[0-9a-f]{16}-0$/);
  match(hostFileOf({ name: "../é ", lxcpath: "/" }, 3), /^\.\.___-[0-9a-f]{16}-3$/);
});

test("a lease counts until its end", () => {
  const leases = "100 02:00:00:00:00:01 10.0.3.7 c1 *\n0 02:00:00:00:00:02 10.0.3.8 c2 *\nduid 00:01\n";
  deepEqual(
    [
      leaseholderIn(leases, bytes("10.0.3.7"), 99),
      leaseholderIn(leases, bytes("10.0.3.7"), 101),
      leaseholderIn(leases, bytes("10.0.3.8"), 101),
    ],
    ["02:00:00:00:00:01", "", "02:00:00:00:00:02"],
  );
});
