import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { BootSettings, bridgesIn, wordsToStart, wordsToStop } from "./boot-settings.ts";

function settings(files: Readonly<Record<string, string>>): BootSettings {
  return new BootSettings((path) => files[path]);
}

test("without a file it is as LXC has it", () => {
  const none = settings({});
  equal(none.text("LXC_AUTO"), "true");
  deepEqual(wordsToStart(none), ["-g", "onboot,"]);
  deepEqual(wordsToStop(none), ["-a", "-A", "-s", "-t", "5"]);
});

test("a file says otherwise, and what it reads besides", () => {
  const said = settings({
    "/etc/default/lxc":
      'LXC_AUTO="true"\nBOOTGROUPS=\nOPTIONS="-a\t-A"\nSTOPOPTS="$STOPOPTS -q"\nSHUTDOWNDELAY=\nif true; then\n' +
      "[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net\n",
    "/etc/default/lxc-net": "USE_LXC_BRIDGE=true\n. /etc/default/lxc-net\n",
    "/etc/sysconfig/lxc": "LXC_AUTO=false",
  });
  deepEqual(
    ["LXC_AUTO", "USE_LXC_BRIDGE"].map((name) => said.text(name)),
    ["false", "true"],
  );
  deepEqual(wordsToStart(said), ["-a", "-A"]);
  deepEqual(wordsToStop(said), ["-a", "-A", "-s", "-q"]);
  deepEqual(said.passedOver, ["/etc/default/lxc:6"]);
});

test("bridges are those of the first network", () => {
  deepEqual(bridgesIn("lxc.net.0.type = veth\n lxc.net.0.link = lxcbr0\n#lxc.net.0.link = x\nlxc.net.1.link=y\n"), [
    "lxcbr0",
  ]);
});
