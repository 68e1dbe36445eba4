// Rate limits of networks: what tc says of the host's end, and how long bytes really take. What this kernel lacks for limits
// of what a container sends is told by name here, and measured in a guest (test/guest/uml-network-limits.test.ts).

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Place, skipWithoutRoot as skip } from "./host.ts";
import { OwnNetwork } from "./own-network.ts";

const place = new Place("limits");
const net = new OwnNetwork(place);
const NAME = "lxcts-la";
const BYTES = 2_000_000;

function configure(...settings: string[]): void {
  net.host(`sed -i '/^lxc\\.net/d' ${place.lxcpath}/${NAME}/config`);
  const all = [
    "type = veth",
    "link = br0",
    "flags = up",
    "veth.pair = vlim",
    "ipv4.address = 10.77.0.5/24",
    ...settings,
  ];
  place.configure(NAME, ...all.map((setting) => `lxc.net.0.${setting}`));
}

function start(): void {
  const { code, err } = net.tool("lxc-start", "-n", NAME);
  deepEqual([code, err], [0, ""]);
}

interface Qdisc {
  readonly kind: string;
  readonly handle: string;
  readonly options: { readonly rate?: number; readonly burst?: number };
  readonly packets?: number;
}

function qdiscs(): Qdisc[] {
  const all = JSON.parse(net.host("tc -j -s qdisc show dev vlim")) as Qdisc[];
  return all.filter(({ kind }) => kind !== "noqueue");
}

/** The queue's rate in bits a second; 0 for none. */
function rate(): number {
  const [first] = qdiscs();
  return first?.kind === "tbf" ? 8 * (first.options.rate ?? 0) : 0;
}

/** How long it takes until the container has received BYTES, in milliseconds. */
async function transferMs(): Promise<number> {
  await net.sink(net.init(NAME), 7000);
  return net.pour(net.hostPid, "10.77.0.5", 7000, BYTES);
}

before(async () => {
  if (skip !== false) return;
  await net.up();
  place.create(NAME);
});

afterEach(() => {
  if (skip === false) net.tool("lxc-stop", "-n", NAME, "-k");
});

after(async () => {
  if (skip === false) await net.down([NAME]);
  place.remove();
});

test("what a container receives is slowed to its limit, on the host's side; without the key it is not", {
  skip,
}, async () => {
  configure("limit.ingress = 10mbit");
  start();
  equal(rate(), 10_000_000);
  const [queue] = qdiscs();
  deepEqual([queue?.kind, queue?.handle], ["tbf", "4c58:"]);
  const slow = await transferMs();
  ok(slow > 1200 && slow < 6000, `${slow} ms`);
  ok((qdiscs()[0]?.packets ?? 0) > 10);
  equal(net.tool("lxc-attach", "-n", NAME, "--", "/bin/sh", "-c", "ls /sys/class/net").out.includes("eth0"), true);
  net.tool("lxc-stop", "-n", NAME, "-k");
  configure();
  start();
  equal(rate(), 0);
  const fast = await transferMs();
  ok(fast < 1000, `${fast} ms`);
});

test("a limit beyond what 32 bits hold is kept exactly", { skip }, () => {
  configure("limit.ingress = 100gbit");
  start();
  equal(rate(), 100_000_000_000);
});

test("a change counts at once, and so does taking it away; lxc-info shows what is in force", { skip }, () => {
  configure("limit.ingress = 10mbit");
  start();
  const set = (value: string): unknown => {
    const { code, err } = net.tool("lxc-config", "set", NAME, "lxc.net.0.limit.ingress", value);
    return [code, err];
  };
  deepEqual(set("2mbit"), [0, ""]);
  equal(rate(), 2_000_000);
  match(net.tool("lxc-info", "-n", NAME).out, /\n RX limit: {6}2mbit\n/);
  const [link] = JSON.parse(net.tool("lxc-info", "-n", NAME, "--format=json").out).links;
  deepEqual([link.link, link.rx_limit_bps, link.tx_limit_bps], ["vlim", 2_000_000, undefined]);
  deepEqual(set(""), [0, ""]);
  equal(rate(), 0);
  ok(!net.tool("lxc-info", "-n", NAME).out.includes("limit"));
});

test("it is there again after a reboot", { skip }, async () => {
  configure("limit.ingress = 10mbit");
  start();
  const init = net.init(NAME);
  net.tool("lxc-stop", "-n", NAME, "-r");
  const end = Date.now() + 10_000;
  while ((net.init(NAME) === init || net.init(NAME) === 0) && Date.now() < end)
    await new Promise((go) => setTimeout(go, 20));
  equal(rate(), 10_000_000);
});

test("a kernel that cannot drop says so by name, and nothing is left", { skip }, () => {
  const has = net.probe(
    "tc qdisc add dev lo ingress && tc filter add dev lo parent ffff: matchall action police rate 1mbit burst 100k",
  );
  configure("limit.egress = 10mbit");
  const { code, err } = net.tool("lxc-start", "-n", NAME);
  if (has) {
    deepEqual([code, err], [0, ""]);
    return;
  }
  equal(code, 1);
  match(err, /cannot use lxc\.net\.0\.limit\.egress: this kernel has no such limits/);
  match(err, /hint: it needs a kernel with CONFIG_NET_CLS_MATCHALL and CONFIG_NET_ACT_POLICE/);
  equal(net.probe("ip link show vlim"), false);
});
