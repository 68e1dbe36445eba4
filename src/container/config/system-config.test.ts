import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "../../base/finding.ts";
import { Environment } from "../../kernel/environment.ts";
import { SystemConfig, systemConfigPath, systemFindings, systemKeys } from "./system-config.ts";

test("root and users have their own defaults", () => {
  const root = new SystemConfig("", undefined);
  const user = new SystemConfig("", "/home/u");
  deepEqual(
    systemKeys.map((row) => root.item(row.key)),
    ["/etc/lxc/default.conf", "/var/lib/lxc", "lxc", "lxc", "lxc", "", "", "lxc", "admin"],
  );
  deepEqual([user.lxcpath, user.defaultConfig], ["/home/u/.local/share/lxc", "/home/u/.config/lxc/default.conf"]);
  equal(systemConfigPath(1000, new Environment("HOME=/home/u\0")), "/home/u/.config/lxc/lxc.conf");
});

test("the first line for a key counts, and a container path has no slash at its end", () => {
  const text = "#lxc.lxcpath = /no\n lxc.lxcpath =  /srv/lxc// \nlxc.lxcpath=/other\nlxc.cgroup.pattern = lxc/%n\n";
  const config = new SystemConfig(text, undefined);
  deepEqual(
    [config.lxcpath, config.item("lxc.cgroup.pattern"), config.item("lxc.nosuch")],
    ["/srv/lxc", "lxc/%n", undefined],
  );
});

test("what LXC passes over in silence is a warning", () => {
  const text = "# ours\nlxc.lxcpath = /a\nlxc.lxcpaht = /b\njust words\nlxc.lxcpath = /c\n";
  deepEqual(systemFindings("lxc.conf", text).map(findingLine), [
    "lxc.conf:3:1: warning: lxc.lxcpaht: there is no such key, so the line is ignored; did you mean lxc.lxcpath?",
    "lxc.conf:4:1: warning: this line has no key and is ignored; write KEY = VALUE",
    "lxc.conf:5:1: warning: lxc.lxcpath: only the first line for a key counts; take one of them out",
  ]);
});
