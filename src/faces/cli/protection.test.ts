import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { tools } from "./tools.ts";

test("the tools that are protected before they begin are those whose processes enter containers", () => {
  const list = /entering\[\] = \{ (.*) \};/.exec(readFileSync("shim/protect.c", "utf8"))?.[1] ?? "";
  const entering = tools.filter((tool) => tool.entersContainers === true).map((tool) => tool.name);
  deepEqual(
    list.split(", ").map((word) => `lxc-${word.replaceAll('"', "")}`),
    entering.toSorted(),
  );
});
