import { equal } from "node:assert/strict";
import { test } from "node:test";
import { distributionIn } from "./archive-config.ts";

test("a distribution is named by its os-release, when that can be part of a file's name", () => {
  equal(distributionIn('NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n'), "debian");
  equal(distributionIn('ID="opensuse-leap"\n'), "opensuse-leap");
  for (const text of ["", "ID_LIKE=debian\n", "ID=../../etc/x\n", "ID=a b\n", "ID=-x\n", "ID=A\n", 'ID=""\n']) {
    equal(distributionIn(text), "", text);
  }
});
