// Every key of a network, with the test that looks at the kernel's own answer and fails without it.

import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { NetworkConfig } from "../../src/container/config/network-schema.ts";
import { printRows, rowsIn, withoutTest } from "../rows.ts";

const rows = rowsIn(join(import.meta.dirname, "rows.txt"));

test("each key of a network has a row, and each row a test that is there", () => {
  const network = new NetworkConfig(0);
  const keys = network.settings.map((setting) => network.keyOf(setting).slice("lxc.net.0.".length));
  deepEqual([...new Set(rows.map((row) => row.words.join()))].toSorted(), keys.toSorted());
  deepEqual(withoutTest(rows), []);
  printRows(rows);
});
