// Numbers, distances and nearest words.

import { distance, nearest, wholeNumberIn } from "../../../src/base/text.ts";

export function words(): string[] {
  const numbers = ["0", "-5", "007", "", "-", "1e3", " 1", "999999999999999", "9999999999999999"];
  return [
    numbers.map((text) => String(wholeNumberIn(text))).join(),
    String(distance("kitten", "sitting", 99)),
    nearest("lxc.uts.nam", ["lxc.uts.name", "lxc.arch"]) ?? "none",
    nearest("x", ["abcdefgh"]) ?? "none",
  ];
}
