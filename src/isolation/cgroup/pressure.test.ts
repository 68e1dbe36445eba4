import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { pressureIn } from "./pressure.ts";

test("pressure is read line by line, in percent and microseconds", () => {
  const text =
    "some avg10=1.46 avg60=0.00 avg300=100.00 total=10642299\nfull avg10=0.05 avg60=0.10 avg300=0.00 total=7\n";
  deepEqual(pressureIn(text), {
    some: { avg10: 1.46, avg60: 0, avg300: 100, totalMicroseconds: 10642299 },
    full: { avg10: 0.05, avg60: 0.1, avg300: 0, totalMicroseconds: 7 },
  });
});

test("older kernels have no line for processors that all wait", () => {
  deepEqual(pressureIn("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"), {
    some: { avg10: 0, avg60: 0, avg300: 0, totalMicroseconds: 0 },
    full: undefined,
  });
});

test("what is no such file has no pressure", () => {
  for (const text of [undefined, "", "some\n", "some avg10=x avg60=0.00 avg300=0.00 total=0\n", "full avg10=0.00\n"]) {
    equal(pressureIn(text), undefined);
  }
  equal(pressureIn("some avg10=0.0 avg60=0.00 avg300=0.00 total=0\n"), undefined);
  equal(pressureIn("some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n"), undefined);
});
