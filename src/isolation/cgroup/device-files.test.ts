import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { type DeviceWrites, deviceWrites } from "./device-files.ts";
import { deviceRule } from "./devices.ts";

function writesFor(list: readonly string[], ...rules: readonly string[]): DeviceWrites {
  const parsed = rules.map((rule) => {
    const allow = rule.startsWith("allow ");
    return deviceRule(rule, allow, rule.slice(allow ? 6 : 5));
  });
  return deviceWrites(list.map((line) => `${line}\n`).join(""), parsed);
}

function shown(changes: DeviceWrites): string[] {
  return changes.writes.map(({ file, text }) => `${file} ${text}`).concat(changes.isRough ? ["rough"] : []);
}

test("where rules only allow, what is new is allowed first, then what is gone is denied, and the rest is left alone", () => {
  const now = ["c 1:3 rwm", "c 1:5 rw", "b *:* m"];
  deepEqual(shown(writesFor(now, "deny a", "allow c 1:3 rwm", "allow c 1:5 rm", "allow c 136:* rw")), [
    "devices.allow c 1:5 m",
    "devices.allow c 136:* rw",
    "devices.deny c 1:5 w",
    "devices.deny b *:* m",
  ]);
});

test("two rules for one device are one, as the kernel keeps them", () => {
  deepEqual(shown(writesFor(["c 1:3 rw"], "allow c 1:3 r", "allow c 1:3 w")), []);
  deepEqual(shown(writesFor([], "allow c 1:3 r", "allow c 1:3 w")), ["devices.allow c 1:3 rw"]);
});

test("what a plain `a` came before has no effect", () => {
  deepEqual(shown(writesFor(["c 1:3 r"], "allow c 1:9 r", "deny a", "allow c 1:3 r")), []);
});

test("from a list that allows what it does not name, and to one, everything is written anew", () => {
  deepEqual(shown(writesFor(["a *:* rwm"], "deny a", "allow c 1:3 r")), [
    "devices.deny a",
    "devices.allow c 1:3 r",
    "rough",
  ]);
  deepEqual(shown(writesFor(["c 1:3 r"], "allow a", "deny c 1:5 w")), [
    "devices.allow a",
    "devices.deny c 1:5 w",
    "rough",
  ]);
  deepEqual(shown(writesFor(["c 1:3 r"], "deny a", "allow c 1:3 rw", "deny c 1:3 w")), [
    "devices.deny a",
    "devices.allow c 1:3 rw",
    "devices.deny c 1:3 w",
    "rough",
  ]);
});

test("a list that is none is refused", () => {
  throws(() => writesFor(["x 1:3 r"], "deny a"), { code: "config-invalid" });
});
