import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import type { LxcError } from "../../base/errors.ts";
import { addressOf, networkText } from "../../base/ip-network.ts";
import { type BridgeSettings, readBridgeSettings } from "./settings.ts";

const ID = "3d1219c7c4c5404aaa1f6d2a48adfda4\n";

function settingsOf(net: string, files: Readonly<Record<string, string>> = {}): BridgeSettings {
  return readBridgeSettings((path) => (path === "/etc/default/lxc-net" ? net : files[path]), ID).settings;
}

function described(settings: BridgeSettings): unknown {
  const { ipv4, network, ipv6, hwaddr, ...rest } = settings;
  return {
    ...rest,
    hwaddr: Buffer.from(hwaddr).toString("hex"),
    ipv4: networkText(ipv4),
    network: networkText(network),
    ipv6: ipv6 === undefined ? "" : `${networkText(ipv6.address)} ${networkText(ipv6.network)} ${ipv6.isNat}`,
  };
}

test("without a file there is LXC's bridge, with a domain and the machine's own IPv6 network", () => {
  const { settings, warnings, wantedAt } = readBridgeSettings(() => undefined, ID);
  deepEqual(described(settings), {
    isWanted: true,
    bridge: "lxcbr0",
    hwaddr: "10666a000000",
    ipv4: "10.0.3.1/24",
    network: "10.0.3.0/24",
    dhcpRange: "10.0.3.2,10.0.3.254",
    dhcpMost: 253,
    dhcpConfigFile: "",
    dhcpPings: true,
    domain: "lxc",
    mayUseNft: true,
    ipv6: "fd00:3596:9ec5:3f6e::1/64 fd00:3596:9ec5:3f6e::/64 true",
  });
  deepEqual([warnings, wantedAt], [[], ""]);
});

test("each variable counts, and the second file where the first one does not name it", () => {
  const first =
    'USE_LXC_BRIDGE="false"  # overridden in lxc-net\n[ ! -f /etc/default/lxc-net ] || . /etc/default/lxc-net\n';
  const net = `USE_LXC_BRIDGE="true"\nLXC_BRIDGE=br7\nLXC_BRIDGE_MAC=02:00:00:00:00:0f\nLXC_ADDR=10.9.0.1
LXC_NETMASK=255.255.254.0\nLXC_NETWORK=10.9.0.0/16\nLXC_DHCP_RANGE=10.9.0.10,10.9.1.20\nLXC_DHCP_MAX=7
LXC_DHCP_CONFILE=/etc/d.conf\nLXC_DHCP_PING=false\nLXC_DOMAIN=c.example\nLXC_USE_NFT=false
LXC_IPV6_ADDR=fd00:9::1\nLXC_IPV6_MASK=48\nLXC_IPV6_NETWORK=fd00:9::/48\nLXC_IPV6_NAT=true\n`;
  const wanted = {
    isWanted: true,
    bridge: "br7",
    hwaddr: "02000000000f",
    ipv4: "10.9.0.1/23",
    network: "10.9.0.0/16",
    dhcpRange: "10.9.0.10,10.9.1.20",
    dhcpMost: 7,
    dhcpConfigFile: "/etc/d.conf",
    dhcpPings: false,
    domain: "c.example",
    mayUseNft: false,
    ipv6: "fd00:9::1/48 fd00:9::/48 true",
  };
  deepEqual(described(settingsOf(net, { "/etc/default/lxc": first })), wanted);
  deepEqual(described(settingsOf(net)), wanted);
  equal(settingsOf("", { "/etc/default/lxc": "USE_LXC_BRIDGE=false\n" }).isWanted, false);
});

test("of an address alone network, range and number follow", () => {
  const { network, dhcpRange, dhcpMost } = settingsOf("LXC_ADDR=10.9.8.7\nLXC_NETMASK=255.255.254.0\n");
  deepEqual([networkText(network), dhcpRange, dhcpMost], ["10.9.8.0/23", "10.9.8.1,10.9.9.254", 510]);
  const { ipv6 } = settingsOf("LXC_IPV6_ADDR=fd00:9::1\n");
  deepEqual([ipv6?.isNat, networkText(ipv6?.network ?? network)], [false, "fd00:9::/64"]);
  equal(settingsOf("LXC_IPV6_ENABLE=false\n").ipv6, undefined);
  equal(settingsOf("LXC_DOMAIN=\n").domain, "");
});

test("another machine has another network of its own", () => {
  const of = (id: string): string =>
    addressOf(readBridgeSettings(() => "", id).settings.ipv6?.address.bytes ?? new Uint8Array(0));
  equal(of(ID), of(ID.trim()));
  equal(of(ID) === of("another"), false);
});

test("what cannot be is told with file and line, and a next step", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["LXC_BRIDGE=br0;reboot", /only a shell|lxc-net:1/],
    ["LXC_BRIDGE='a b'", /lxc-net:1: LXC_BRIDGE = "a b" is no name of a bridge/],
    ["LXC_BRIDGE=bridge-with-a-long-name", /no name of a bridge/],
    ["LXC_BRIDGE_MAC=01:00:00:00:00:00", /LXC_BRIDGE_MAC/],
    ["LXC_BRIDGE_MAC=10:66:6a", /LXC_BRIDGE_MAC/],
    ["LXC_ADDR=10.0.3", /LXC_ADDR = "10.0.3" is no IPv4 address/],
    ["LXC_ADDR=127.0.0.1", /LXC_ADDR/],
    ["LXC_ADDR=224.0.0.1", /LXC_ADDR/],
    ["LXC_NETMASK=24", /LXC_NETMASK/],
    ["LXC_NETMASK=255.255.255.255", /LXC_NETMASK/],
    ["LXC_NETWORK=10.0.4.0/24", /LXC_NETWORK = "10.0.4.0\/24" has no room for LXC_ADDR = 10.0.3.1/],
    ["LXC_NETWORK=fd00::/64", /LXC_NETWORK/],
    ["LXC_DHCP_RANGE=10.0.4.2,10.0.4.9", /not in the network of 10.0.3.1\/24/],
    ["LXC_DHCP_RANGE=10.0.3.9,10.0.3.2", /ends before it begins/],
    ["LXC_DHCP_RANGE='10.0.3.9 --conf-file=/x'", /LXC_DHCP_RANGE/],
    ["LXC_DHCP_MAX=many", /LXC_DHCP_MAX/],
    ["LXC_DHCP_CONFILE=d.conf", /LXC_DHCP_CONFILE/],
    ["LXC_DOMAIN='a/b'", /LXC_DOMAIN/],
    ["LXC_IPV6_MASK=64", /LXC_IPV6_MASK = "64" needs LXC_IPV6_ADDR/],
    ["LXC_IPV6_ADDR=10.0.3.1", /LXC_IPV6_ADDR/],
    ["LXC_IPV6_ADDR=fd00::1\nLXC_IPV6_MASK=200", /LXC_IPV6_MASK/],
    ["LXC_IPV6_ADDR=fd00::1\nLXC_IPV6_NETWORK=fd01::/64", /lxc-net:2: LXC_IPV6_NETWORK/],
  ];
  for (const [net, said] of cases.slice(1)) {
    throws(
      () => settingsOf(net),
      (error: LxcError) => said.test(error.reason) && error.code === "config-invalid" && error.hint !== "",
      net,
    );
  }
});

test("names that mean nothing and lines for a shell are told", () => {
  const net = 'LXC_DHCP_RANGES="x"\nif true; then LXC_ADDR=1; fi\nLXC_AUTO=true\n';
  const { warnings } = readBridgeSettings((path) => (path === "/etc/default/lxc-net" ? net : undefined), ID);
  deepEqual(warnings, [
    "/etc/default/lxc-net:2 is passed over: only a shell could understand it",
    "/etc/default/lxc-net:1: LXC_DHCP_RANGES has no effect; did you mean LXC_DHCP_RANGE?",
  ]);
});
