// Devices that are the host's hardware: they move into a container, and come back, also when its monitor was killed.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { create, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml", kernel: ["eth0=mcast", "eth1=mcast,,239.192.168.2"] });

const net = (...settings: readonly string[]): string[] => settings.map((setting) => `lxc.net.0.${setting}`);

interface Link {
  readonly ifname: string;
  readonly mtu: number;
  readonly address: string;
  readonly altnames?: readonly string[];
}

/** Hardware only: name, MTU, address and further names. */
async function hardware(): Promise<string[]> {
  const links = JSON.parse(await guest.said("ip -j link")) as Link[];
  return links
    .filter(({ ifname }) => ifname !== "lo")
    .map(({ ifname, mtu, address, altnames }) => [ifname, mtu, address, ...(altnames ?? [])].join(" "));
}

const lines = net("type = phys", "link = eth0", "name = lan0", "mtu = 1300", "hwaddr = 10:66:6a:01:02:03");

test("hardware moves in under its new name, and is back as it was once the container has stopped", async () => {
  await guest.said("ip link property add dev eth0 altname lxcts-first");
  const before = await hardware();
  await withContainer(guest, "moved", lines, async (container) => {
    match((await container.inside("cat /sys/class/net/lan0/mtu /sys/class/net/lan0/address")).stdout, /^1300\n10:66:/);
    deepEqual(await hardware(), before.slice(1));
    equal(await guest.said("lxc-info -n moved -SH | grep Link: | tr -s ' '"), "Link: eth0");
  });
  deepEqual(await hardware(), before);
});

test("a reboot takes it out and in again", async () => {
  const before = await hardware();
  await withContainer(guest, "moved", [...lines, "lxc.hook.post-stop = /bin/true"], async (container) => {
    const pid = await container.tool("lxc-info", "-pH");
    await container.tool("lxc-stop", "-r");
    await guest.said(
      `for i in $(seq 100); do p=$(lxc-info -n moved -pH); [ -n "$p" ] && [ "$p" != ${pid} ] && break; sleep 0.1; done`,
    );
    match((await container.inside("cat /sys/class/net/lan0/mtu")).stdout, /^1300\n/);
  });
  deepEqual(await hardware(), before);
});

test("hardware of a container whose monitor was killed is back as it was with the next start", async () => {
  const before = await hardware();
  const traces = await guest.traces();
  const container = await create(guest, "lost", lines);
  await container.tool("lxc-start");
  const init = await container.tool("lxc-info", "-pH");
  const monitor = await guest.said("cat /sys/fs/cgroup/lxc.monitor.lost/cgroup.procs");
  await guest.said(`kill -9 ${monitor}; kill -9 ${init} 2> /dev/null || :
    for i in $(seq 100); do ip link show dev lan0 > /dev/null 2>&1 && break; sleep 0.1; done`);
  // The kernel has returned it under the container's name, changed.
  match((await hardware()).join("\n"), /^lan0 1300 10:66:6a:01:02:03$/m);
  await guest.said("rmdir /sys/fs/cgroup/lxc.payload.lost /sys/fs/cgroup/lxc.monitor.lost 2> /dev/null || :");
  await container.tool("lxc-start");
  deepEqual(await hardware(), before.slice(1));
  await container.tool("lxc-stop", "-k");
  deepEqual((await hardware()).toSorted(), before.toSorted());
  equal(await guest.said("ls /run/lxc/moved-links"), "");
  await container.tool("lxc-destroy");
  await guest.said("rmdir /run/lxc/moved-links");
  deepEqual(await guest.tracesOnce(traces), traces);
});
