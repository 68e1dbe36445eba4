import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { configPaths, isPacked, KernelConfig, versionOf } from "./host-check-kernel.ts";

test("an option is built in, a module, or not there", () => {
  const config = new KernelConfig(`#
# Automatically generated file; DO NOT EDIT.
# Linux/x86 6.1.76 Kernel Configuration
#
CONFIG_VETH=m
CONFIG_NET_NS=y
CONFIG_HZ=250
# CONFIG_MACVLAN is not set
CONFIG_LSM="apparmor=y"
`);
  deepEqual(
    ["CONFIG_VETH", "CONFIG_NET_NS", "CONFIG_HZ", "CONFIG_MACVLAN", "CONFIG_LSM", "CONFIG_NET"].map((option) =>
      config.value(option),
    ),
    ["m", "y", "", "", "", ""],
  );
  deepEqual([config.release, config.isEmpty()], ["6.1.76", false]);
});

test("what is no configuration is empty", () => {
  deepEqual([new KernelConfig("").isEmpty(), new KernelConfig("<html>\n").isEmpty()], [true, true]);
});

test("a version is two numbers, whatever follows", () => {
  deepEqual(
    ["6.18.44-fc", "5.12-rc1", "4", ""].map((release) => versionOf(release)),
    [
      [6, 18],
      [5, 12],
      [4, 0],
      [0, 0],
    ],
  );
});

test("what needs no gzip is looked for first", () => {
  const paths = configPaths("6.1");
  deepEqual([paths[0], paths.at(-1)], ["/boot/config-6.1", "/proc/config.gz"]);
  deepEqual([isPacked(new Uint8Array([0x1f, 0x8b, 8])), isPacked(new Uint8Array([0x1f]))], [true, false]);
});
