// What is to be done for the bridge, in order, from the settings and what the host has. Pure.

import { LxcError } from "../../base/errors.ts";
import { addressOf, type IpNetwork, networkText, overlaps, sameBytes } from "../../base/ip-network.ts";
import { type DeviceAddress, type InterfaceAddress, interfaceAddress } from "../../kernel/addresses.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import { dnsmasqWords } from "./dnsmasq.ts";
import type { BridgeFacts } from "./facts.ts";
import { DOCKER_CHAIN, firewallAdvice, rulesThrough } from "./firewall.ts";
import { hostsFolder } from "./made.ts";
import { iptablesRules, nftRuleset, type Rule } from "./ruleset.ts";
import type { BridgeSettings } from "./settings.ts";

export type BridgeStep =
  | { readonly kind: "bridge"; readonly name: string; readonly hwaddr: Uint8Array }
  /** Below /proc/sys/net; `isOptional` where the kernel may not have it. */
  | { readonly kind: "setting"; readonly path: string; readonly value: string; readonly isOptional: boolean }
  | { readonly kind: "address"; readonly bridge: string; readonly address: InterfaceAddress; readonly text: string }
  | { readonly kind: "up"; readonly bridge: string }
  | { readonly kind: "tables"; readonly program: string; readonly tables: readonly string[]; readonly ruleset: string }
  | { readonly kind: "rule"; readonly rule: Rule }
  | { readonly kind: "dnsmasq"; readonly program: string; readonly bridge: string; readonly words: readonly string[] }
  | { readonly kind: "names"; readonly program: string; readonly bridge: string; readonly calls: readonly string[][] };

export interface BridgePlan {
  readonly steps: readonly BridgeStep[];
  /** For people: what they may want to do themselves. */
  readonly advice: readonly string[];
}

const DOING = "set up the bridge";

/** Throws for what cannot work, before anything is made. */
export function planBridge(settings: BridgeSettings, facts: BridgeFacts): BridgePlan {
  checkPrograms(settings, facts);
  const { bridge } = settings;
  const link = facts.links.find((one) => one.name === bridge);
  if (link !== undefined && link.kind !== "bridge") throw noBridge(bridge);
  checkNetworks(settings, facts, link);
  const wanted: BridgeSettings = facts.hasIpv6 ? settings : { ...settings, ipv6: undefined };
  const steps: BridgeStep[] = [];
  if (link === undefined) steps.push({ kind: "bridge", name: bridge, hwaddr: settings.hwaddr });
  for (const step of settingSteps(wanted, facts)) steps.push(step);
  for (const step of addressSteps(wanted, facts, link)) steps.push(step);
  if (link === undefined || !link.up) steps.push({ kind: "up", bridge });
  for (const step of firewallSteps(wanted, facts)) steps.push(step);
  const words = dnsmasqWords(wanted, facts.dnsmasqUser, hostsFolder(bridge));
  steps.push({ kind: "dnsmasq", program: facts.dnsmasq, bridge, words });
  for (const step of nameSteps(wanted, facts)) steps.push(step);
  return { steps, advice: adviceFor(settings, wanted, facts) };
}

function checkPrograms(settings: BridgeSettings, facts: BridgeFacts): void {
  if (facts.dnsmasq === "") {
    throw new LxcError("not-found", DOING, "dnsmasq is not installed", { hint: "apt-get install dnsmasq-base" });
  }
  if (facts.nft === "" && facts.iptables === "") {
    const reason = settings.mayUseNft ? "neither nft nor iptables works here" : "iptables is not installed";
    throw new LxcError("not-found", DOING, reason, { hint: "apt-get install nftables, as root" });
  }
  if (!facts.hasConfigFile) {
    throw new LxcError("not-found", DOING, `there is no ${settings.dhcpConfigFile}`, {
      hint: "make that file, or set LXC_DHCP_CONFILE in /etc/default/lxc-net to one that is there",
    });
  }
}

function noBridge(name: string): LxcError {
  return new LxcError("wrong-state", DOING, `the network device ${name} is no bridge`, {
    hint: "set another LXC_BRIDGE in /etc/default/lxc-net",
  });
}

/** Two devices with one network: packets for containers would leave by the other. */
function checkNetworks(settings: BridgeSettings, facts: BridgeFacts, bridge: LinkInfo | undefined): void {
  const own: IpNetwork[] = [settings.ipv4];
  if (settings.ipv6 !== undefined && facts.hasIpv6) own.push(settings.ipv6.address);
  for (const { device, bytes, prefix, scope } of facts.addresses) {
    if (device === bridge?.index || prefix === bytes.length * 8 || scope > 0) continue;
    const taken = own.find((network) => overlaps(network, { bytes, prefix }));
    if (taken === undefined) continue;
    const name = facts.links.find((link) => link.index === device)?.name ?? "another device";
    const variable = bytes.length === 4 ? "LXC_ADDR" : "LXC_IPV6_ADDR";
    const reason = `${networkText(taken)} is in the network of ${name}, ${addressOf(bytes)}/${prefix}`;
    throw new LxcError("wrong-state", DOING, reason, { hint: `set another ${variable} in /etc/default/lxc-net` });
  }
}

/** Forwarding stays when the bridge goes, as in LXC: who started since may rely on it, and nobody can tell. */
function settingSteps(settings: BridgeSettings, facts: BridgeFacts): BridgeStep[] {
  const steps: BridgeStep[] = [];
  const set = (path: string, value: string, isOptional: boolean): void => {
    steps.push({ kind: "setting", path, value, isOptional });
  };
  if (!facts.forwardsIpv4) set("ipv4/ip_forward", "1", false);
  // Nobody else can have the bridge's addresses, and dnsmasq would have to wait.
  set(`ipv6/conf/${settings.bridge}/accept_dad`, "0", true);
  if (settings.ipv6 === undefined) return steps;
  set(`ipv6/conf/${settings.bridge}/autoconf`, "0", true);
  if (facts.forwardsIpv6) return steps;
  // A host that passes packets on takes no way out from its routers, unless it is told to.
  for (const device of facts.announced) set(`ipv6/conf/${device}/accept_ra`, "2", true);
  set("ipv6/conf/all/forwarding", "1", false);
  return steps;
}

function addressSteps(settings: BridgeSettings, facts: BridgeFacts, link: LinkInfo | undefined): BridgeStep[] {
  const wanted: IpNetwork[] = [settings.ipv4];
  if (settings.ipv6 !== undefined) wanted.push(settings.ipv6.address);
  const steps: BridgeStep[] = [];
  for (const network of wanted) {
    if (link !== undefined && hasAddress(facts.addresses, link.index, network)) continue;
    const address = interfaceAddress(network.bytes, network.prefix);
    steps.push({ kind: "address", bridge: settings.bridge, address, text: networkText(network) });
  }
  return steps;
}

function hasAddress(addresses: readonly DeviceAddress[], index: number, wanted: IpNetwork): boolean {
  return addresses.some(
    (one) => one.device === index && one.prefix === wanted.prefix && sameBytes(one.bytes, wanted.bytes),
  );
}

function firewallSteps(settings: BridgeSettings, facts: BridgeFacts): BridgeStep[] {
  const { filters } = facts.firewall;
  const withIpv6 = settings.ipv6 !== undefined;
  const through = rulesThrough(filters, settings.bridge, withIpv6);
  if (facts.nft !== "") {
    const tables = ["inet lxc", "ip lxc"];
    if (settings.ipv6?.isNat === true) tables.push("ip6 lxc");
    const steps: BridgeStep[] = [{ kind: "tables", program: facts.nft, tables, ruleset: nftRuleset(settings) }];
    return steps.concat(through.map(ruleStep));
  }
  const hasDocker = filters.some((filter) => filter.program === "iptables" && filter.hasDockerChain);
  const rules = iptablesRules(settings, hasDocker ? DOCKER_CHAIN : "FORWARD");
  const usable = facts.ip6tables === "" ? rules.filter((rule) => rule.program !== "ip6tables") : rules;
  const others = through.filter((rule) => rule.program !== "iptables" && rule.program !== "ip6tables");
  return usable.concat(others).map(ruleStep);
}

function ruleStep(rule: Rule): BridgeStep {
  return { kind: "rule", rule };
}

function nameSteps(settings: BridgeSettings, facts: BridgeFacts): BridgeStep[] {
  const { bridge, domain } = settings;
  if (facts.resolvectl === "" || domain === "") return [];
  const calls = [
    ["dns", bridge, addressOf(settings.ipv4.bytes)],
    ["domain", bridge, `~${domain}`],
  ];
  return [{ kind: "names", program: facts.resolvectl, bridge, calls }];
}

function adviceFor(given: BridgeSettings, wanted: BridgeSettings, facts: BridgeFacts): string[] {
  const advice: string[] = [];
  if (given.ipv6 !== undefined && wanted.ipv6 === undefined) {
    advice.push(
      "this host has IPv6 switched off: containers get IPv4 only; LXC_IPV6_ENABLE=false says that it is meant",
    );
  }
  const all = advice.concat(firewallAdvice(facts.firewall, given.bridge));
  const line = resolverLine(wanted, facts);
  return line === "" ? all : all.concat([line]);
}

/** What makes this host know the names of its containers; "" where it does. */
export function resolverLine(settings: BridgeSettings, facts: BridgeFacts): string {
  const { domain } = settings;
  const address = addressOf(settings.ipv4.bytes);
  if (domain === "" || facts.resolvectl !== "" || facts.nameservers.includes(address)) return "";
  const line = `nameserver ${address}`;
  return `for names such as c1.${domain} on this host, too, put this line first in /etc/resolv.conf: ${line}`;
}
