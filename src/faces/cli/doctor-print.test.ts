import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { DoctorCheck } from "../../container/doctor-checks.ts";
import { linesStep, runStep } from "../../container/host-check-fixes.ts";
import { doctorJson, doctorLines, resultLines } from "./doctor-print.ts";

const checks: readonly DoctorCheck[] = [
  {
    id: "kernel.x",
    weight: "stops",
    what: "x",
    detail: "it is 0",
    fix: "sysctl …",
    steps: [runStep(["sysctl", "-w", "x=1"]), linesStep("/etc/f", ["x = 1"])],
  },
  { id: "y", weight: "advice", what: "y", detail: "", fix: "do it", steps: [] },
  { id: "z", weight: "fine", what: "z", detail: "", fix: "", steps: [] },
  { id: "u", weight: "unknown", what: "u", detail: "", fix: "", steps: [] },
];

test("each fix is what root, or an ordinary user, would type", () => {
  deepEqual(doctorLines("containers of ann", checks, { colored: false, withSudo: true }), [
    "--- Stops containers ---",
    "  x: it is 0",
    "    fix: sudo sysctl -w x=1",
    "         printf '%s\\n' 'x = 1' | sudo tee -a /etc/f",
    "",
    "--- Advice ---",
    "  y",
    "    fix: do it",
    "",
    "1 thing stops containers of ann; 1 check is fine.",
  ]);
  const root = doctorLines("containers of root", checks, { colored: false, withSudo: false });
  deepEqual(root.slice(2, 4), ["    fix: sysctl -w x=1", "         printf '%s\\n' 'x = 1' >> /etc/f"]);
});

test("headings have colours on a terminal", () => {
  const lines = doctorLines("c1 of ann", checks.slice(0, 1), { colored: true, withSudo: false });
  equal(lines[0], "\x1b[1;31m--- Stops containers ---\x1b[0;39m");
  equal(
    doctorLines("c1 of ann", checks.slice(1), { colored: false, withSudo: false }).at(-1),
    "Nothing stops c1 of ann; 1 check is fine.",
  );
});

test("a program gets the commands, and what of them was done", () => {
  const results = [{ command: "sysctl -w x=1", isDone: false, said: "no\nno more" }];
  const json = JSON.parse(
    doctorJson({ name: "ann", uid: 1000, gid: 1000, home: "/", shell: "" }, "c1", checks.slice(0, 1), results).encode(),
  );
  deepEqual(json, {
    user: "ann",
    uid: 1000,
    container: "c1",
    stopped: true,
    checks: [
      {
        id: "kernel.x",
        weight: "stops",
        what: "x",
        detail: "it is 0",
        fix: "sysctl …",
        commands: ["sysctl -w x=1", "printf '%s\\n' 'x = 1' >> /etc/f"],
        automatic: true,
      },
    ],
    fixed: [{ command: "sysctl -w x=1", done: false, said: "no\nno more" }],
  });
  deepEqual(resultLines(results[0]!), ["  no", "  no more", "  failed"]);
});
