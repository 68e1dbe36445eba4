import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { isDeviceName } from "../../kernel/links.ts";
import { usernetRules } from "../config/usernet.ts";
import type { Caller } from "./caller.ts";
import { isOwnNic, type NicLine, nicLinesIn, nicName, nicText, ownerWithRoom, rulesFor } from "./nics.ts";

const anna: Caller = { uid: 1000, name: "anna", groups: ["anna", "staff"] };
const carl: Caller = { uid: 1001, name: "carl", groups: ["carl", "staff"] };

function line(owner: string, device: string, bridge = "br0"): NicLine {
  return { owner, type: "veth", bridge, device };
}

test("the database is read line by line, and lines that it cannot have are none", () => {
  const long = "x".repeat(200_000);
  const text = `anna veth br0 veth1000_aaaa\n\n# no line\n@staff\tveth  br0 veth1000_bbbb \nanna veth br0\nanna veth br0 veth1000_cccc more\nanna veth br0 a/b\nanna veth br0 ${long}\n\0\0\0\ncarl veth br0 veth1001_dddd`;
  const lines = nicLinesIn(text);
  deepEqual(lines, [line("anna", "veth1000_aaaa"), line("@staff", "veth1000_bbbb"), line("carl", "veth1001_dddd")]);
  deepEqual(nicLinesIn(nicText(lines)), lines);
  equal(nicText([]), "");
});

test("rules are for a user by name, or by group, and for one bridge", () => {
  const rules = usernetRules(
    "anna veth br0 1\n@staff veth br0 2\nanna veth br1 3\nstaff veth br0 4\n@anna veth br0 5\ncarl veth br0 6\n",
  );
  deepEqual(
    rulesFor(rules, anna, "br0").map((rule) => rule.count),
    [1, 2, 5],
  );
  deepEqual(rulesFor(rules, anna, "br"), []);
});

test("the first rule with room left is used, and only its own owner, type and bridge fill it", () => {
  const rules = rulesFor(usernetRules("anna veth br0 1\n@staff veth br0 2\n"), anna, "br0");
  const own = line("anna", "veth1000_aaaa");
  const group = [line("@staff", "veth1001_aaaa"), line("@staff", "veth1001_bbbb")];
  const foreign = [line("carl", "veth1001_cccc"), line("anna", "veth1000_cccc", "br1"), { ...own, type: "phys" }];
  equal(ownerWithRoom(rules, foreign, "veth"), "anna");
  equal(ownerWithRoom(rules, [own], "veth"), "@staff");
  equal(ownerWithRoom(rules, [own, ...group], "veth"), "");
  equal(ownerWithRoom([], [], "veth"), "");
  equal(ownerWithRoom(rulesFor(usernetRules("anna veth br0 0\n"), anna, "br0"), [], "veth"), "");
});

test("a device is its owner's only when owner, type, bridge and name are", () => {
  const wanted = line("", "veth1000_aaaa");
  ok(isOwnNic(line("anna", "veth1000_aaaa"), anna, wanted));
  for (const other of [
    line("carl", "veth1000_aaaa"),
    line("ann", "veth1000_aaaa"),
    line("annas", "veth1000_aaaa"),
    line("anna", "veth1000_aaaa", "br1"),
    line("anna", "veth1000_aaaab"),
    { ...line("anna", "veth1000_aaaa"), type: "vet" },
    line("staff", "veth1000_aaaa"),
    line("xstaff", "veth1000_aaaa"),
  ]) {
    ok(!isOwnNic(other, anna, wanted), JSON.stringify(other));
  }
});

test("what counts for a group belongs to the member that it is named after", () => {
  const wanted = line("", "veth1000_aaaa");
  ok(isOwnNic(line("@staff", "veth1000_aaaa"), anna, wanted));
  ok(!isOwnNic(line("@staff", "veth1000_aaaa"), carl, wanted));
  ok(!isOwnNic(line("@other", "veth1000_aaaa"), anna, wanted));
});

test("names are a device's, whatever the number of the user, and differ between users", () => {
  const random = new Uint8Array([0, 61, 62, 255]);
  equal(nicName(1000, random), "veth1000_0Z07");
  equal(nicName(999_999, random), "veth999999_0Z07");
  equal(nicName(4_294_967_294, random), "veth4GFfc2-0Z07");
  ok(isDeviceName(nicName(4_294_967_294, random)));
  equal(nicName(0, random), "veth0_0Z07");
  // 5000 in the other digits.
  equal(nicName(1_191_640, random), "veth5000-0Z07");
});
