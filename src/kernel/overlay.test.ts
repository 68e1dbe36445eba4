import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { fakeKernel } from "../../test/fake/kernel.ts";
import { makeOverlay } from "./overlay.ts";

const LAYERS = { lowers: [5, 6], upper: 7, work: 8 };

test("the layers are handed over as descriptors", () => {
  const kernel = fakeKernel();
  equal(makeOverlay(LAYERS, ["userxattr", "index=off"]), 21);
  deepEqual(kernel.transcript, [
    "fsopen(overlay, 0x1)",
    "fsconfig(20, 5, lowerdir+, -, 5)",
    "fsconfig(20, 5, lowerdir+, -, 6)",
    "fsconfig(20, 5, upperdir, -, 7)",
    "fsconfig(20, 5, workdir, -, 8)",
    "fsconfig(20, 0, userxattr, -, 0)",
    "fsconfig(20, 1, index, off, 0)",
    "fsconfig(20, 6, -, -, 0)",
    "fsmount(20, 1, 0x0)",
    "close(20)",
  ]);
});

test("to a kernel before 6.13 as paths to the same descriptors", () => {
  const kernel = fakeKernel();
  kernel.on("fsconfig(20, 5, lowerdir+, -, 5)", -22);
  equal(makeOverlay(LAYERS, []), 22);
  deepEqual(kernel.transcript.slice(2), [
    "close(20)",
    "fsopen(overlay, 0x1)",
    "fsconfig(21, 1, lowerdir, /proc/self/fd/5:/proc/self/fd/6, 0)",
    "fsconfig(21, 1, upperdir, /proc/self/fd/7, 0)",
    "fsconfig(21, 1, workdir, /proc/self/fd/8, 0)",
    "fsconfig(21, 6, -, -, 0)",
    "fsmount(21, 1, 0x0)",
    "close(21)",
  ]);
});

test("nothing stays open when the kernel refuses", () => {
  const kernel = fakeKernel();
  kernel.on("fsconfig(20, 6, -, -, 0)", -40);
  throws(() => makeOverlay(LAYERS, []), /cannot make an overlay of the layers: fsconfig: /);
  equal(kernel.transcript.at(-1), "close(20)");
});
