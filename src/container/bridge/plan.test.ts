import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import type { LxcError } from "../../base/errors.ts";
import { addressBytes } from "../../base/ip-network.ts";
import type { DeviceAddress } from "../../kernel/addresses.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import type { BridgeFacts } from "./facts.ts";
import { filterIn } from "./firewall.ts";
import { type BridgePlan, type BridgeStep, planBridge } from "./plan.ts";
import { ruleWords } from "./ruleset.ts";
import { readBridgeSettings } from "./settings.ts";

const nothing = new Uint8Array(0);

function link(index: number, name: string, kind: string, up: boolean): LinkInfo {
  return {
    index,
    name,
    altNames: [],
    kind,
    data: nothing,
    up,
    mtu: 1500,
    hwaddr: nothing,
    master: 0,
    peer: 0,
    rxBytes: 0,
    txBytes: 0,
  };
}

const address = (device: number, text: string, prefix: number): DeviceAddress => ({
  device,
  bytes: addressBytes(text) ?? nothing,
  prefix,
  scope: 0,
});

const host: BridgeFacts = {
  links: [link(1, "lo", "", true), link(2, "eth0", "", true)],
  addresses: [address(2, "192.168.1.5", 24)],
  forwardsIpv4: false,
  hasIpv6: true,
  nameservers: ["192.0.2.1"],
  forwardsIpv6: false,
  announced: ["eth0"],
  nft: "/usr/sbin/nft",
  iptables: "/usr/sbin/iptables",
  ip6tables: "/usr/sbin/ip6tables",
  firewall: { filters: [], dropping: [], hasFirewalld: false },
  dnsmasq: "/usr/sbin/dnsmasq",
  dnsmasqUser: "dnsmasq",
  resolvectl: "",
  hasConfigFile: true,
};

function planOf(net: string, facts: Partial<BridgeFacts> = {}): BridgePlan {
  const { settings } = readBridgeSettings((path) => (path === "/etc/default/lxc-net" ? net : undefined), "machine");
  return planBridge(settings, { ...host, ...facts });
}

function told(step: BridgeStep): string {
  switch (step.kind) {
    case "bridge":
      return `bridge ${step.name}`;
    case "setting":
      return `${step.path}=${step.value}`;
    case "address":
      return `address ${step.text} ${step.address.broadcast.join(".")}`.trim();
    case "tables":
      return step.tables.join(", ");
    case "rule":
      return `${step.rule.program} ${ruleWords(step.rule, "add").join(" ")}`;
    case "names":
      return step.calls.map((call) => call.join(" ")).join("; ");
    default:
      return step.kind;
  }
}

const stepsOf = (net: string, facts: Partial<BridgeFacts> = {}): string[] => planOf(net, facts).steps.map(told);

test("a fresh host gets it all, in order, and keeps its own IPv6 way out", () => {
  deepEqual(stepsOf("LXC_IPV6_ADDR=fd00:9::1\nLXC_IPV6_NAT=true"), [
    "bridge lxcbr0",
    "ipv4/ip_forward=1",
    "ipv6/conf/lxcbr0/accept_dad=0",
    "ipv6/conf/lxcbr0/autoconf=0",
    "ipv6/conf/eth0/accept_ra=2",
    "ipv6/conf/all/forwarding=1",
    "address 10.0.3.1/24 10.0.3.255",
    "address fd00:9::1/64",
    "up",
    "inet lxc, ip lxc, ip6 lxc",
    "dnsmasq",
  ]);
});

test("what is there already is left alone", () => {
  const facts: Partial<BridgeFacts> = {
    links: [...host.links, link(7, "lxcbr0", "bridge", true)],
    addresses: [...host.addresses, address(7, "10.0.3.1", 24)],
    forwardsIpv4: true,
    forwardsIpv6: true,
  };
  deepEqual(stepsOf("LXC_IPV6_ENABLE=false", facts), ["ipv6/conf/lxcbr0/accept_dad=0", "inet lxc, ip lxc", "dnsmasq"]);
});

test("a host without IPv6 goes on without, and says so", () => {
  const { steps, advice } = planOf("", { hasIpv6: false });
  deepEqual(
    steps.map(told).filter((each) => each.includes("fd") || each.includes("forwarding") || each.includes("ip6")),
    [],
  );
  deepEqual(
    advice.map((line) => line.slice(0, 35)),
    ["this host has IPv6 switched off: co", "for names such as c1.lxc on this ho"],
  );
  const dnsmasq = steps.find((step) => step.kind === "dnsmasq");
  deepEqual(
    dnsmasq?.words.filter((word) => word.includes("ra-only")),
    [],
  );
});

test("iptables does it where nft does not, in Docker's chain where that is", () => {
  const docker = {
    filters: [filterIn("iptables", "-P FORWARD DROP\n-N DOCKER-USER")],
    dropping: [],
    hasFirewalld: false,
  };
  deepEqual(
    stepsOf("LXC_IPV6_ENABLE=false\nLXC_USE_NFT=false", { nft: "", firewall: docker }).filter((each) =>
      each.startsWith("ip"),
    ),
    [
      "ipv4/ip_forward=1",
      "ipv6/conf/lxcbr0/accept_dad=0",
      "iptables -w -t filter -I INPUT -i lxcbr0 -p udp --dport 67 -j ACCEPT",
      "iptables -w -t filter -I INPUT -i lxcbr0 -p tcp --dport 67 -j ACCEPT",
      "iptables -w -t filter -I INPUT -i lxcbr0 -p udp --dport 53 -j ACCEPT",
      "iptables -w -t filter -I INPUT -i lxcbr0 -p tcp --dport 53 -j ACCEPT",
      "iptables -w -t filter -I DOCKER-USER -i lxcbr0 -j ACCEPT",
      "iptables -w -t filter -I DOCKER-USER -o lxcbr0 -j ACCEPT",
      "iptables -w -t nat -A POSTROUTING -s 10.0.3.0/24 ! -d 10.0.3.0/24 -j MASQUERADE",
      "iptables -w -t mangle -A POSTROUTING -o lxcbr0 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill",
    ],
  );
});

test("systemd-resolved learns the names, and nobody has to write a line", () => {
  const { steps, advice } = planOf("", { resolvectl: "/usr/bin/resolvectl" });
  deepEqual([steps.map(told).at(-1), advice], ["dns lxcbr0 10.0.3.1; domain lxcbr0 ~lxc", []]);
  deepEqual(planOf("", { nameservers: ["192.0.2.1", "10.0.3.1"] }).advice, []);
  deepEqual(planOf("LXC_DOMAIN=", { resolvectl: "/usr/bin/resolvectl" }).steps.map(told).at(-1), "dnsmasq");
});

test("what cannot work is refused before anything is made", () => {
  const cases: readonly (readonly [string, Partial<BridgeFacts>, RegExp])[] = [
    ["", { dnsmasq: "" }, /dnsmasq is not installed/],
    ["", { nft: "", iptables: "" }, /neither nft nor iptables/],
    ["LXC_DHCP_CONFILE=/nope", { hasConfigFile: false }, /there is no \/nope/],
    ["LXC_BRIDGE=eth0", {}, /eth0 is no bridge/],
    ["LXC_ADDR=192.168.1.9", {}, /192.168.1.9\/24 is in the network of eth0, 192.168.1.5\/24/],
  ];
  for (const [net, facts, said] of cases) {
    throws(
      () => planOf(net, facts),
      (error: LxcError) => said.test(error.reason) && error.hint !== "",
      net,
    );
  }
});
