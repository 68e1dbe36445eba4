// The bridge that containers of the bench are connected to: made by lxc-net, in the network and mount namespace that scripts/bench.sh makes.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./place.ts";

const BRIDGE = "lxcts-bench0";
/** What lxc-net reads and writes, of which the host's stays untouched. */
const FOLDERS = ["/run/lxc", "/etc/default", "/var/lib/misc"];
const LXC_NET = join(ROOT, "dist/bin/lxc-net");

/** A network of a container; `address` is empty for one that asks by DHCP, or has none. */
export function networkConfig(address: string): string[] {
  const network = ["lxc.net.0.type = veth", `lxc.net.0.link = ${BRIDGE}`, "lxc.net.0.flags = up"];
  return address === "" ? network : [...network, `lxc.net.0.ipv4.address = ${address}/16`];
}

/** What /sys shows of devices is of the network namespace in which it was mounted, and LXC looks for the bridge there. */
const SHOW_DEVICES = `cgroups=$(mktemp -d)
mount --rbind /sys/fs/cgroup "$cgroups"
mount -t sysfs sysfs /sys
mount --rbind "$cgroups" /sys/fs/cgroup
umount --lazy "$cgroups"
rmdir "$cgroups"`;

/** A server that gives addresses at once: LXC's first looks for three seconds whether somebody has one. */
export function startNetwork(): void {
  for (const folder of FOLDERS) {
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "bench", folder]);
  }
  writeFileSync(
    "/etc/default/lxc-net",
    `LXC_BRIDGE=${BRIDGE}\nLXC_DHCP_PING=false\nLXC_NETMASK=255.255.0.0\nLXC_ADDR=10.0.0.1\n`,
  );
  execFileSync("sh", ["-ec", SHOW_DEVICES]);
  execFileSync("ip", ["link", "set", "lo", "up"]);
  execFileSync(LXC_NET, ["start"], { stdio: ["ignore", "ignore", "ignore"] });
}

export function stopNetwork(): void {
  execFileSync(LXC_NET, ["stop"], { stdio: ["ignore", "ignore", "inherit"] });
}
