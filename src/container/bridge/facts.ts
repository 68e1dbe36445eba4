// What setting up the bridge needs to know of the host. Changes nothing.

import { blankSeparated } from "../../base/text.ts";
import { type DeviceAddress, type DeviceRoute, listDeviceAddresses, listRoutes } from "../../kernel/addresses.ts";
import { exists, tryReadText } from "../../kernel/files.ts";
import { type LinkInfo, listLinks } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { DNSMASQ_USERS } from "./dnsmasq.ts";
import { filterIn, firewallIn, type HostFirewall, type IptablesFilter } from "./firewall.ts";
import { legacyRules } from "./legacy-rules.ts";
import { findProgram, runProgram } from "./programs.ts";
import type { BridgeSettings } from "./settings.ts";

export const PROC_NET = "/proc/sys/net";

export interface BridgeFacts {
  readonly links: readonly LinkInfo[];
  readonly addresses: readonly DeviceAddress[];
  readonly forwardsIpv4: boolean;
  readonly hasIpv6: boolean;
  readonly forwardsIpv6: boolean;
  /** Devices with an IPv6 way out that comes from announcements, which a host that passes packets on ignores. */
  readonly announced: readonly string[];
  /** "" when it is not there, or does not work. */
  readonly nft: string;
  readonly iptables: string;
  readonly ip6tables: string;
  readonly firewall: HostFirewall;
  readonly dnsmasq: string;
  readonly dnsmasqUser: string;
  /** "" where systemd-resolved does not run. */
  readonly resolvectl: string;
  /** Whom the host asks for names (resolv.conf(5)). */
  readonly nameservers: readonly string[];
  readonly hasConfigFile: boolean;
}

export function readBridgeFacts(socket: NetlinkSocket, settings: BridgeSettings): BridgeFacts {
  const links = listLinks(socket);
  const hasIpv6 = numberAt("ipv6/conf/all/disable_ipv6") === "0";
  const found = settings.mayUseNft ? findProgram("nft") : "";
  // As in LXC: where nft cannot list anything, it cannot be used.
  const listed = found === "" ? { succeeded: false, said: "" } : runProgram(found, ["list", "chains"]);
  const nft = listed.succeeded ? found : "";
  return {
    links,
    addresses: listDeviceAddresses(socket),
    forwardsIpv4: numberAt("ipv4/ip_forward") === "1",
    hasIpv6,
    forwardsIpv6: numberAt("ipv6/conf/all/forwarding") === "1",
    announced: hasIpv6 ? announcedDevices(links, listRoutes(socket)) : [],
    nft,
    iptables: findProgram("iptables"),
    ip6tables: findProgram("ip6tables"),
    firewall: readFirewall(listed.said, nft !== ""),
    dnsmasq: findProgram("dnsmasq"),
    dnsmasqUser: dnsmasqUser(tryReadText("/etc/passwd") ?? ""),
    resolvectl: exists("/run/systemd/resolve/io.systemd.Resolve") ? findProgram("resolvectl") : "",
    nameservers: nameserversIn(tryReadText("/etc/resolv.conf") ?? ""),
    hasConfigFile: settings.dhcpConfigFile === "" || exists(settings.dhcpConfigFile),
  };
}

function nameserversIn(text: string): string[] {
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const words = blankSeparated(line);
    if (words.length > 1 && words[0] === "nameserver") found.push(words[1]!);
  }
  return found;
}

/** A setting below /proc/sys/net; "" when there is none. */
export function numberAt(path: string): string {
  return (tryReadText(`${PROC_NET}/${path}`) ?? "").trim();
}

function announcedDevices(links: readonly LinkInfo[], routes: readonly DeviceRoute[]): string[] {
  const names: string[] = [];
  for (const { device, route } of routes) {
    if (route.addressSize !== 16 || route.prefix !== 0) continue;
    const link = links.find((one) => one.index === device);
    if (link === undefined || names.includes(link.name) || link.name.includes("/")) continue;
    if (numberAt(`ipv6/conf/${link.name}/accept_ra`) === "1") names.push(link.name);
  }
  return names;
}

function readFirewall(chains: string, usesNft: boolean): HostFirewall {
  const firewall = firewallIn(chains);
  const filters: IptablesFilter[] = firewall.filters.map((filter): IptablesFilter => {
    const own = `${filter.program}-nft`;
    return {
      program: findProgram(own) === "" ? filter.program : own,
      dropsInput: filter.dropsInput,
      dropsForward: filter.dropsForward,
      hasDockerChain: filter.hasDockerChain,
    };
  });
  for (const legacy of legacyRules()) filters.push(filterIn(legacy.program, legacy.rules));
  if (!usesNft && filters.length === 0) {
    const path = findProgram("iptables");
    if (path !== "") filters.push(filterIn("iptables", runProgram(path, ["-w", "-S"]).said));
  }
  return { filters, dropping: firewall.dropping, hasFirewalld: firewall.hasFirewalld };
}

function dnsmasqUser(passwd: string): string {
  const names = passwd.split("\n").map((line): string => line.slice(0, line.indexOf(":")));
  return DNSMASQ_USERS.find((user) => names.includes(user)) ?? "nobody";
}
