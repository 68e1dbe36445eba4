import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { SystemConfig, systemConfigPath, systemKeys } from "./system-config.ts";

test("root and users have their own defaults", () => {
  const root = new SystemConfig("", undefined);
  const user = new SystemConfig("", "/home/u");
  deepEqual(
    systemKeys.map((row) => root.item(row.key)),
    ["/var/lib/lxc", "/etc/lxc/default.conf", "lxc", "lxc", "lxc", "lxc", "admin", "", ""],
  );
  deepEqual([user.lxcpath, user.defaultConfig], ["/home/u/.local/share/lxc", "/home/u/.config/lxc/default.conf"]);
  equal(systemConfigPath(1000, { HOME: "/home/u" }), "/home/u/.config/lxc/lxc.conf");
});

test("the first line for a key counts, and a container path has no slash at its end", () => {
  const text = "#lxc.lxcpath = /no\n lxc.lxcpath =  /srv/lxc// \nlxc.lxcpath=/other\nlxc.cgroup.pattern = lxc/%n\n";
  const config = new SystemConfig(text, undefined);
  deepEqual(
    [config.lxcpath, config.item("lxc.cgroup.pattern"), config.item("lxc.nosuch")],
    ["/srv/lxc", "lxc/%n", undefined],
  );
});
