// What the firewall is told, for nft and for iptables: containers may ask for addresses and names, and speak to the world. Pure.

import { networkText } from "../../base/ip-network.ts";
import type { BridgeSettings } from "./settings.ts";

/** LXC's own tables, so that its script takes down what we made, and we what it made. */
export const NFT_TABLES: readonly string[] = ["inet lxc", "ip lxc", "ip6 lxc"];

/** One ruleset, which nft takes as a whole or not at all; tables of that name are replaced. */
export function nftRuleset(settings: BridgeSettings): string {
  const { bridge, network, ipv6 } = settings;
  const lines = [
    ...freshTable("inet lxc"),
    "add chain inet lxc input { type filter hook input priority 0; }",
    // 547 is DHCP of IPv6, which a configuration file of dnsmasq may switch on.
    `add rule inet lxc input iifname "${bridge}" udp dport { 53, 67, 547 } accept`,
    `add rule inet lxc input iifname "${bridge}" tcp dport { 53, 67 } accept`,
    "add chain inet lxc forward { type filter hook forward priority 0; }",
    `add rule inet lxc forward iifname "${bridge}" accept`,
    `add rule inet lxc forward oifname "${bridge}" accept`,
    ...freshTable("ip lxc"),
    "add chain ip lxc postrouting { type nat hook postrouting priority 100; }",
    `add rule ip lxc postrouting ip saddr ${networkText(network)} ip daddr != ${networkText(network)} counter masquerade`,
  ];
  if (ipv6 === undefined || !ipv6.isNat) return lines.join("\n");
  const own = networkText(ipv6.network);
  const masquerade = `add rule ip6 lxc postrouting ip6 saddr ${own} ip6 daddr != ${own} counter masquerade`;
  const chain = "add chain ip6 lxc postrouting { type nat hook postrouting priority 100; }";
  return lines.concat(freshTable("ip6 lxc"), chain, masquerade).join("\n");
}

function freshTable(table: string): string[] {
  return [`add table ${table}`, `delete table ${table}`, `add table ${table}`];
}

/** Takes these tables away; nft fails where one is not there, so each is made first. */
export function nftRemoval(tables: readonly string[]): string {
  return tables.map((table) => `add table ${table}\ndelete table ${table}`).join("\n");
}

/** One rule of iptables, in words that `-I`, `-C` and `-D` take alike. */
export interface Rule {
  /** "iptables" or "ip6tables", or one with -legacy or -nft behind it. */
  readonly program: string;
  /** "filter", "nat" or "mangle". */
  readonly table: string;
  readonly chain: string;
  /** Whether it goes before the others. */
  readonly isFirst: boolean;
  readonly match: readonly string[];
  /** Whether one goes on without it. */
  readonly isOptional: boolean;
}

function rule(program: string, table: string, chain: string, match: string): Rule {
  const isOptional = table === "mangle";
  return { program, table, chain, isFirst: table === "filter", match: match.split(" "), isOptional };
}

/** All that a host without nft is told. `forwardChain` is FORWARD, or Docker's for what is the user's. */
export function iptablesRules(settings: BridgeSettings, forwardChain: string): Rule[] {
  const { bridge, ipv6 } = settings;
  const own = networkText(settings.network);
  const rules = acceptInput("iptables", bridge).concat(acceptForward("iptables", forwardChain, bridge), [
    rule("iptables", "nat", "POSTROUTING", `-s ${own} ! -d ${own} -j MASQUERADE`),
    // DHCP clients that read raw packets reject checksums that the host's driver was to fill in.
    rule("iptables", "mangle", "POSTROUTING", `-o ${bridge} -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill`),
  ]);
  if (ipv6 === undefined) return rules;
  const all = rules.concat(acceptInput("ip6tables", bridge), acceptForward("ip6tables", "FORWARD", bridge));
  if (!ipv6.isNat) return all;
  const network = networkText(ipv6.network);
  return all.concat([rule("ip6tables", "nat", "POSTROUTING", `-s ${network} ! -d ${network} -j MASQUERADE`)]);
}

/** Names and addresses. */
export function acceptInput(program: string, bridge: string): Rule[] {
  const ports = ["udp --dport 67", "tcp --dport 67", "udp --dport 53", "tcp --dport 53"];
  return ports.map((port) => rule(program, "filter", "INPUT", `-i ${bridge} -p ${port} -j ACCEPT`));
}

export function acceptForward(program: string, chain: string, bridge: string): Rule[] {
  return ["-i", "-o"].map((way) => rule(program, "filter", chain, `${way} ${bridge} -j ACCEPT`));
}

/** The words of a call that adds the rule, takes it away, or asks for it. */
export function ruleWords(wanted: Rule, act: "add" | "delete" | "check"): string[] {
  const { table, chain, match } = wanted;
  const flag = act === "delete" ? "-D" : act === "check" ? "-C" : wanted.isFirst ? "-I" : "-A";
  return ["-w", "-t", table, flag, chain].concat(match);
}
