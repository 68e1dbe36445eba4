import { deepEqual, equal, match, throws } from "node:assert/strict";
import { test } from "node:test";
import { describe, LxcError } from "../../base/errors.ts";
import { ConfigDocument } from "./document.ts";
import type { LogLevel } from "./isolation-codecs.ts";
import { configFrom } from "./load.ts";
import { NetworkConfig } from "./network-schema.ts";
import { Config } from "./schema.ts";

test("values have types", () => {
  const config = new Config();
  const auto: boolean = config.startAuto.value;
  const level: LogLevel = config.logLevel.value;
  const name: string | undefined = config.utsName.value;
  deepEqual([auto, level, name], [false, "notset", undefined]);
});

test("an empty value clears, as in LXC", () => {
  const config = new Config();
  config.assign("lxc.hook.pre-start", "/a");
  config.assign("lxc.hook.pre-start", "/b");
  deepEqual(config.hookPreStart.values, ["/a", "/b"]);
  config.assign("lxc.hook.pre-start", "");
  deepEqual(config.hookPreStart.values, []);
});

test("an unknown key names the nearest one", () => {
  throws(() => new Config().assign("lxc.uts.nam", "x"), {
    message: "cannot set lxc.uts.nam: there is no such key",
    hint: "did you mean lxc.uts.name?",
  });
});

test("prefixes and numbers make keys", () => {
  const config = new Config();
  config.assign("lxc.sysctl.net.ipv4.ip_forward", "1");
  config.assign("lxc.net.3.type", "veth");
  equal(config.sysctl.get("net.ipv4.ip_forward"), "1");
  equal(config.networks.at(3)?.type.value, "veth");
  throws(() => config.assign("lxc.net.x.type", "veth"), LxcError);
});

test("every row has a doc that is a sentence, and a kind", () => {
  const config = new Config();
  for (const setting of config.settings.concat(new NetworkConfig(0).settings)) {
    match(setting.doc, /\.$/, setting.key);
    match(setting.kind, /[^.]$|\.\.$/, setting.key);
    equal(setting.isUsed(), false, setting.key);
  }
});

test("a wrong line is named, with the reason", () => {
  try {
    configFrom(new ConfigDocument("# c1\nlxc.start.order = soon\n"), "c1/config");
  } catch (error) {
    deepEqual(describe(error as LxcError), [
      "cannot load c1/config: line 2 is wrong",
      '  because: cannot set lxc.start.order to "soon": expected a whole number from -2147483648 to 2147483647',
    ]);
  }
});

test("setting a key keeps comments, order and blank lines", () => {
  const document = new ConfigDocument(
    "# mine\nlxc.uts.name=c1\n\n# two hooks\nlxc.hook.start = /a\nlxc.hook.start = /b\n",
  );
  document.set("lxc.hook.start", ["/c"]);
  document.set("lxc.start.auto", ["1"]);
  equal(document.text(), "# mine\nlxc.uts.name=c1\n\n# two hooks\nlxc.hook.start = /c\nlxc.start.auto = 1\n");
  document.set("lxc.uts.name", []);
  equal(document.text(), "# mine\n\n# two hooks\nlxc.hook.start = /c\nlxc.start.auto = 1\n");
});
