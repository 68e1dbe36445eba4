import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { LxcError } from "../../base/errors.ts";
import { JsonObject, listed, quoted } from "./json.ts";
import { failureJson, failureLines, table } from "./print.ts";

const because = new LxcError("syscall-failed", "mount proc", "no space", { errno: 28, hint: "make room" });
const error = new LxcError("wrong-state", "start c1", "it is not ready", { because });

test("a table's cells are as wide as their column, and every line ends in a blank", () => {
  deepEqual(
    table([
      ["NAME", "STATE"],
      ["c", "STOPPED"],
    ]),
    ["NAME STATE   ", "c    STOPPED "],
  );
});

test("a failure is its first line, the causes, and the hint nearest to them", () => {
  deepEqual(failureLines("lxc-start", "", error), [
    "lxc-start: cannot start c1: it is not ready",
    "  because: cannot mount proc: no space",
    "  hint: make room",
  ]);
  equal(failureLines("lxc-start", "Container is already running", error)[0], "lxc-start: Container is already running");
});

test("a failure as JSON has the fields of every error in it, and the nearest hint at the top", () => {
  deepEqual(JSON.parse(failureJson("lxc-start", "c1", "", error)), {
    error: {
      code: "wrong-state",
      doing: "start c1",
      reason: "it is not ready",
      errno: 0,
      hint: "make room",
      because: [{ code: "syscall-failed", doing: "mount proc", reason: "no space", errno: 28, hint: "make room" }],
    },
    tool: "lxc-start",
    container: "c1",
  });
});

test("JSON text reads back as what was put in", () => {
  const text = 'a"\\\b\f\n\r\t\u0001\u001fé\u{1f600}';
  equal(JSON.parse(quoted(text)), text);
  const object = new JsonObject().text("a", text).number("b", 1.5).flag("c", true).texts("d", ["x"]).nothing("e");
  deepEqual(JSON.parse(listed([object.object("f", new JsonObject())])), [
    { a: text, b: 1.5, c: true, d: ["x"], e: null, f: {} },
  ]);
});
