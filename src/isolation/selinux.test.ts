import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { chooseSelinux, selinuxRefused } from "./selinux.ts";

test("the keyring has a context of its own, or that of the programs", () => {
  deepEqual(chooseSelinux(undefined, undefined), { program: "", keys: "" });
  deepEqual(chooseSelinux("u:r:t:s0", undefined), { program: "u:r:t:s0", keys: "u:r:t:s0" });
  deepEqual(chooseSelinux("u:r:t:s0", "u:r:k:s0"), { program: "u:r:t:s0", keys: "u:r:k:s0" });
  deepEqual(chooseSelinux(undefined, "u:r:k:s0"), { program: "", keys: "u:r:k:s0" });
});

test("unconfined_t is no context to ask for", () => {
  equal(chooseSelinux("unconfined_t", undefined).program, "");
  equal(chooseSelinux("unconfined_t", undefined).keys, "");
});

test("a context that is not taken is explained", () => {
  equal(selinuxRefused("the keyring", "x", -22).code, "config-invalid");
  equal(selinuxRefused("the keyring", "x", -13).code, "not-permitted");
  equal(selinuxRefused("the keyring", "x", -5).code, "syscall-failed");
});
