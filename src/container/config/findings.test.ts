import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "../../base/finding.ts";
import { Environment } from "../../kernel/environment.ts";
import { ConfigDocument } from "./document.ts";
import { findingsIn } from "./findings.ts";
import { readConfig } from "./load.ts";

function said(...lines: readonly string[]): string[] {
  const read = readConfig(new ConfigDocument(lines.join("\n")), "config", () => [], new Environment("PATH=/bin\0"));
  return findingsIn(read).map(findingLine);
}

test("a configuration that is as it should be gives nothing to say", () => {
  deepEqual(said("# c1", "", "lxc.uts.name = c1", "  # more", "lxc.net.0.type = veth", "lxc.net.0.link = br0"), []);
});

test("a line that LXC ignores is a warning, with the key it may have meant", () => {
  deepEqual(said("lcx.uts.name = c1", "hello"), [
    "config:1:1: warning: this line is ignored, for it does not begin with lxc.; did you mean lxc.uts.name?",
    "config:2:1: warning: this line is ignored, for it does not begin with lxc.; begin a comment with #",
  ]);
});

test("what a type takes back is a warning", () => {
  deepEqual(said("lxc.net.0.link = br0", "lxc.net.1.type = empty", "lxc.net.0.type = veth"), [
    "config:1:1: warning: lxc.net.0.link: line 3 takes it back: lxc.net.0.type resets the network; put it below line 3",
  ]);
  deepEqual(said("lxc.net.0.type = veth", "lxc.net.0.link = br0", "lxc.net =", "lxc.net.0.type = empty"), []);
});

test("a comment behind a value is a warning", () => {
  deepEqual(said("lxc.uts.name = c1 # the first"), [
    "config:1:16: warning: lxc.uts.name: what follows # is part of the value; give a comment a line of its own",
  ]);
});

test("each doubt has its words", () => {
  deepEqual(said("lxc.start.delay = 5", "lxc.rootfs.options = ro", "lxc.console.size = 4096"), [
    "config:1:19: warning: lxc.start.delay: it has no effect without lxc.start.auto; set lxc.start.auto as well, or take lxc.start.delay out",
    "config:2:22: warning: lxc.rootfs.options: it has no effect without lxc.rootfs.path; set lxc.rootfs.path as well, or take lxc.rootfs.options out",
    "config:3:20: warning: lxc.console.size: it has no effect without lxc.console.logfile; set lxc.console.logfile as well, or take lxc.console.size out",
  ]);
  const maps = said("lxc.idmap = u 0 100000 65536").slice(0, 1);
  deepEqual(maps, [
    'config:1:13: warning: lxc.idmap: no group ids are mapped; add a line that begins with g, such as "g 0 100000 65536"',
  ]);
  deepEqual(said("lxc.net.0.type = vlan", "lxc.net.0.link = eth0", "lxc.net.1.link = br0").slice(0, 2), [
    "config:1:18: warning: lxc.net.0.type: without a number it is VLAN 0; set lxc.net.0.vlan.id",
    "config:3:18: warning: lxc.net.1.link: a network of type empty has no use for it; put lxc.net.1.type = veth, or another type, before it",
  ]);
  deepEqual(said("lxc.seccomp.notify.cookie = a", "lxc.apparmor.raw = deny mount,").slice(0, 2), [
    "config:1:29: warning: lxc.seccomp.notify.cookie: it has no effect without lxc.seccomp.notify.proxy; set lxc.seccomp.notify.proxy as well, or take lxc.seccomp.notify.cookie out",
    "config:2:20: warning: lxc.apparmor.raw: it has no effect; set lxc.apparmor.profile = generated",
  ]);
});
