import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { groupsIn } from "./groups.ts";

const TEXT = `root:x:0:
anna:x:1000:
staff:x:50:carl,anna
short:x:51
:x:52:anna
annas:x:53:annas,an
plus:x:54:anna:more
all:x:100:dora,anna,
`;

test("a user is in its own group and in those that list it, and in no other", () => {
  deepEqual(groupsIn(TEXT, "anna", 1000), ["anna", "staff", "all"]);
  deepEqual(groupsIn(TEXT, "emil", 53), ["annas"]);
  deepEqual(groupsIn(TEXT, "emil", 1001), []);
});
