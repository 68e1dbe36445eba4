// Capabilities as sets of 64 bits, and cgroups as /proc describes them.

import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../../src/base/ip.ts";
import { capabilityNames, capabilityNumber } from "../../../src/isolation/capabilities.ts";
import {
  capabilitiesFromHex,
  capabilitySet,
  hasCapability,
  withoutCapabilities,
} from "../../../src/isolation/capability-sets.ts";
import { deviceProgram, deviceRule, ruleText } from "../../../src/isolation/cgroup/devices.ts";
import { hierarchyOf, layoutFrom, unifiedOf } from "../../../src/isolation/cgroup/layout.ts";
import { monitorPath, payloadPaths } from "../../../src/isolation/cgroup/names.ts";
import { failureOf } from "./failure.ts";

const MOUNTINFO = `30 29 0:26 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
31 29 0:27 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
32 29 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 29 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
34 29 0:29 /nested /elsewhere\\040here rw - ext4 /dev/vda rw
`;
const MEMBERSHIPS = "4:memory:/user\n3:cpu,cpuacct:/\n1:name=systemd:/init.scope\n0::/init.scope\n";

export function isolation(): string[] {
  const set = capabilitySet([0, 31, 32, capabilityNames.length - 1]);
  const rest = withoutCapabilities(set, capabilitySet([31]));
  const hex = capabilitiesFromHex("000001ffffffffff");
  const layout = layoutFrom(MOUNTINFO, MEMBERSHIPS, false);
  const names = { name: "c1", dir: "", pattern: "", monitor: "", pivot: "", container: "", inner: "ns" };
  return [
    `${set.low} ${set.high} ${rest.low} ${rest.high} ${hasCapability(rest, 31)} ${hasCapability(rest, 32)}`,
    `${hex?.low ?? "none"} ${hex?.high ?? "none"} ${capabilitiesFromHex("x") === undefined}`,
    capabilityNames.map((name) => String(capabilityNumber(name))).join(),
    layout.kind,
    ...layout.hierarchies.map(
      (h) => `${h.version} ${h.mountPoint} ${h.controllers.join()} ${h.base} ${h.underSystemd}`,
    ),
    `${hierarchyOf(layout, "cpuacct")?.mountPoint ?? "none"} ${unifiedOf(layout)?.mountPoint ?? "none"}`,
    `${payloadPaths(names, 0)?.payload ?? "none"} ${payloadPaths(names, 12)?.limit ?? "none"} ${monitorPath(names, 1000) ?? "none"}`,
  ];
}

const DEVICES: readonly string[] = ["a", "c 1:3 rwm", "c *:* m", "b 8:* r", "c 1048575:0 w"];
const BAD_DEVICES: readonly string[] = ["", "x 1:3 r", "c 1 r", "c 1:-3 r", "c 1:3 q", "c 1:3", "c 1048576:0 w"];

export function devices(): string[] {
  const rules = DEVICES.map((text) => deviceRule("lxc.cgroup2.devices.allow", text !== "a", text));
  const lines = rules.map((rule) => ruleText(rule));
  for (const text of BAD_DEVICES) {
    lines.push(
      ...failureOf(() => {
        deviceRule("lxc.cgroup2.devices.deny", false, text);
      }),
    );
  }
  return lines.concat(deviceProgram(rules)?.join() ?? "none", deviceProgram([])?.join() ?? "none");
}

export function addresses(): string[] {
  const v4 = ["10.0.3.5", "255.255.255.255", "1.2.3", "01.2.3.4", "1.2.3.256", "-1.2.3.4", ""];
  const v6 = [
    "::",
    "::1",
    "fd00::5",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
    "2001:db8::1:0:0:1",
    "1::2::3",
    "12345::",
    "g::",
  ];
  return [
    ...v4.map((text) => `${text}: ${ipv4Text(ipv4Bytes(text) ?? new Uint8Array(0))}`),
    ...v6.map((text) => `${text}: ${ipv6Text(ipv6Bytes(text) ?? new Uint8Array(0))}`),
  ];
}
