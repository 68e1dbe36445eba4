// Limits of what a container sends, on a kernel that can drop: what tc says of the host's end, and how long bytes really take.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { type Container, withContainer } from "./container.ts";
import { useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml" });

const settings = ["type = veth", "link = brlim", "flags = up", "veth.pair = vlim", "ipv4.address = 10.77.0.5/24"];
const lines = (...more: readonly string[]): string[] => [...settings, ...more].map((setting) => `lxc.net.0.${setting}`);

/** How long it takes until the host has received 1 MB from the container, in milliseconds. */
async function sentMs(container: Container): Promise<number> {
  await container.inside("(dd if=/dev/zero bs=100000 count=10 | nc -l -p 7000) > /dev/null 2>&1 < /dev/null &");
  const before = Date.now();
  const script = "exec 3<>/dev/tcp/10.77.0.5/7000 && head -c 1000000 <&3 | wc -c";
  equal(await guest.said(`for i in $(seq 50); do (${script}) 2> /dev/null && break; sleep 0.1; done`), "1000000");
  return Date.now() - before;
}

test("a bridge for the containers", async () => {
  await guest.said("ip link add brlim type bridge; ip link set brlim up; ip address add 10.77.0.1/24 dev brlim");
});

test("what a container sends is held to its limit, by the host's end", async () => {
  await withContainer(guest, "limited", lines("limit.egress = 2mbit", "limit.ingress = 1gbit"), async (container) => {
    const filters = JSON.parse(await guest.said("tc -j -s filter show dev vlim parent ffff:")) as {
      kind: string;
      options?: { actions?: { kind: string; rate?: number }[] };
    }[];
    const actions = filters.flatMap(({ options }) => options?.actions ?? []);
    deepEqual([filters[0]?.kind, actions[0]?.kind], ["matchall", "police"]);
    match(await guest.said("tc filter show dev vlim parent ffff:"), /police .*rate 2Mbit /);
    match(await guest.said("tc qdisc show dev vlim"), /tbf 4c58: root .*rate 1Gbit/);
    const took = await sentMs(container);
    ok(took > 3000 && took < 30_000, `${took} ms`);
    match(await guest.said("tc -s filter show dev vlim parent ffff:"), /dropped [1-9]/);
    match(await guest.said("lxc-info -n limited"), /\n TX limit: {6}2mbit\n RX limit: {6}1gbit$/);
    await guest.said("lxc-config set limited lxc.net.0.limit.egress 900mbit");
    match(await guest.said("tc filter show dev vlim parent ffff:"), /police .*rate 900Mbit/);
    await guest.said("lxc-config set limited lxc.net.0.limit.egress ''");
    equal(await guest.said("tc filter show dev vlim parent ffff:"), "");
  });
});

test("without the key it sends as fast as it can", async () => {
  await withContainer(guest, "unlimited", lines(), async (container) => {
    const took = await sentMs(container);
    ok(took < 3000, `${took} ms`);
  });
});
