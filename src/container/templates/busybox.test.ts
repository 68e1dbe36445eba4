import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { configLines } from "./busybox.ts";
import { busyboxOptionsFrom } from "./busybox-options.ts";
import { dhcpScriptIn, isStaticElf } from "./busybox-program.ts";

test("options come with = or as the next word", () => {
  deepEqual(busyboxOptionsFrom(["--busybox-path=/opt/busybox", "--mapped-uid", "100000"]), {
    busyboxPath: "/opt/busybox",
    mappedUid: 100000,
    mappedGid: -1,
  });
});

test("an option that is not there is refused by name", () => {
  throws(() => busyboxOptionsFrom(["--release=x"]), {
    message: "cannot use the template busybox: it has no option --release",
  });
  throws(() => busyboxOptionsFrom(["--busybox-path"]), {
    message: "cannot use the template busybox: --busybox-path needs a value",
  });
  throws(() => busyboxOptionsFrom(["--rootfs=/"]), {
    message: "cannot use the template busybox: --rootfs is given by lxc-create",
  });
});

test("the script of udhcpc is where its help says", () => {
  equal(
    dhcpScriptIn("\t-s PROG\tRun PROG at DHCP events (default /etc/udhcpc/default.script)\n"),
    "etc/udhcpc/default.script",
  );
  equal(dhcpScriptIn("udhcpc: applet not found\n"), "");
  equal(dhcpScriptIn("-s PROG Run PROG (default /../../etc/passwd)"), "");
});

test("a program with an interpreter is not static", () => {
  equal(isStaticElf(elf([1, 1])), true);
  equal(isStaticElf(elf([6, 3, 1])), false);
  equal(isStaticElf(new Uint8Array(100)), false);
  equal(isStaticElf(elf([1, 1]).subarray(0, 120)), false);
});

test("host folders are bound for programs that are not static", () => {
  const lines = configLines("c1", ["lib"]).split("\n");
  deepEqual(lines.slice(0, 3), ["lxc.signal.halt = SIGUSR1", "lxc.signal.reboot = SIGTERM", 'lxc.uts.name = "c1"']);
  deepEqual(lines.slice(-3), [
    "lxc.mount.entry = /lib lib none ro,bind 0 0",
    "lxc.mount.entry = /sys/kernel/security sys/kernel/security none ro,bind,optional 0 0",
    "",
  ]);
});

/** The head of a 64-bit program with these kinds of program headers. */
function elf(kinds: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(64 + 56 * kinds.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[32] = 64;
  bytes[54] = 56;
  bytes[56] = kinds.length;
  kinds.forEach((kind, index) => {
    bytes[64 + 56 * index] = kind;
  });
  return bytes;
}
