import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { countFromOne, perSecond, processorList, processors, sizeBytes, sizeOrNone, weight } from "./limit-codecs.ts";

test("sizes are bytes, with units of 1024", () => {
  const texts = ["4096", "1K", "512M", "2G", "1.5G", "1T", "2GiB", "3kb", "1 M", "100B"];
  deepEqual(
    texts.map((text) => sizeBytes.parse(text)),
    [4096, 1024, 536870912, 2147483648, 1610612736, 1099511627776, 2147483648, undefined, 1048576, 100],
  );
  for (const wrong of ["", "G", "-1", "0", "1e9", "1.G", ".5G", "1.2.3", "2X", "2GB!", "99999999999T", "max"]) {
    deepEqual([wrong, sizeBytes.parse(wrong)], [wrong, undefined]);
  }
  deepEqual([sizeOrNone.parse("0"), sizeOrNone.parse("1M"), sizeOrNone.parse("")], [0, 1048576, undefined]);
});

test("processors are a number, or a list of numbers and ranges", () => {
  deepEqual(
    ["1", "1.5", "0.01", "0", "0.001", "-1", "two", "1e3"].map((text) => processors.parse(text)),
    [1, 1.5, 0.01, undefined, undefined, undefined, undefined, undefined],
  );
  for (const right of ["0", "0-3", "0-3,6", "1,3,5-7"]) deepEqual(processorList.parse(right), right);
  for (const wrong of ["", ",", "3-1", "0-", "-1", "a", "0-1-2", "0, 1"])
    deepEqual(processorList.parse(wrong), undefined);
});

test("weights and counts have their bounds", () => {
  deepEqual(
    [weight, countFromOne, perSecond].map((codec) =>
      ["0", "1", "10000", "10001", "x"].map((text) => codec.parse(text)),
    ),
    [
      [undefined, 1, 10000, undefined, undefined],
      [undefined, 1, 10000, 10001, undefined],
      [undefined, 1, 10000, 10001, undefined],
    ],
  );
});
