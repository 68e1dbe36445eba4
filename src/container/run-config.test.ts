import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { isRunName, runBase, runMountIn, runMountLine, runName, runNetworkLines } from "./run-config.ts";

test("a name is that of the template or folder, as far as a host may be called so, and four digits", () => {
  const bases = ["busybox", "/usr/share/lxc/templates/lxc-debian", "/srv/My image_1.2/", "/srv/---", "a".repeat(40)];
  deepEqual(bases.map(runBase), ["busybox", "debian", "My-image-1-2", "run", "a".repeat(20)]);
  equal(runName("busybox", new Uint8Array([0x1a, 0x2b])), "busybox-1a2b");
});

test("only such names are taken for those of a run", () => {
  deepEqual(["busybox-1a2b", "a-0000", "-0000", "busybox-1A2B", "busybox", "web-12345", "x1a2b"].map(isRunName), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});

function line(text: string, isFolder = true): string {
  return runMountLine(runMountIn(text, "/home/u"), isFolder);
}

test("a mount is a line of the configuration, with its blanks and backslashes as fstab has them", () => {
  deepEqual(
    [
      line("/srv:/data"),
      line("bind=/srv:data:ro"),
      line("/etc/hosts", false),
      line("work dir:/w\\x:rw"),
      line("share=/srv:/data:ro"),
    ],
    [
      "lxc.mount.entry = /srv data none bind,rw,create=dir 0 0",
      "lxc.mount.entry = /srv data none bind,ro,create=dir 0 0",
      "lxc.mount.entry = /etc/hosts etc/hosts none bind,rw,create=file 0 0",
      "lxc.mount.entry = /home/u/work\\040dir w\\134x none bind,rw,create=dir 0 0",
      "lxc.mount.share = /srv data ro",
    ],
  );
});

test("what could be another line, the container's root, or nothing is refused", () => {
  for (const text of ["", ":/x", "/a:/b:/c", "/a:/", "/a\nlxc.hook.start = x:/b", "tmpfs=/a:/b", "/a:/b/../.."]) {
    throws(() => line(text), /cannot mount/, text);
  }
});

test("another network takes the place of all that the default configuration has", () => {
  deepEqual(
    [runNetworkLines("default"), runNetworkLines("empty"), runNetworkLines("host")],
    [[], ["lxc.net =", "lxc.net.0.type = empty"], ["lxc.net =", "lxc.net.0.type = none"]],
  );
});
