import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { decodeError, encodeError } from "./error-fields.ts";
import { describe, LxcError } from "./errors.ts";

const cause = new LxcError("syscall-failed", "mount proc on /proc", "mount: no space left on device (ENOSPC)", {
  errno: 28,
  hint: "the mount limit is reached; raise /proc/sys/fs/mount-max",
});
const error = new LxcError("hook-failed", "start c1", "the root file system is not ready", { because: cause });

test("an error keeps its fields and its causes across a process boundary", () => {
  const got = decodeError(encodeError(error));
  deepEqual(
    [got.code, got.errno, got.because?.code, got.because?.errno, describe(got)],
    ["hook-failed", 0, "syscall-failed", 28, describe(error)],
  );
});

test("a message that was cut short loses only its innermost cause", () => {
  const bytes = encodeError(error);
  equal(
    decodeError(bytes.subarray(0, bytes.length - 70)).message,
    "cannot start c1: the root file system is not ready",
  );
});

test("bytes that are no error are a bug of ours", () => {
  equal(decodeError(new Uint8Array(0)).code, "bug");
});

test("a NUL in a text does not shift the fields", () => {
  equal(decodeError(encodeError(new LxcError("not-found", "find a\0b", "gone"))).message, "cannot find a b: gone");
});
