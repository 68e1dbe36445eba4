// Reading how the bridge is. Changes nothing, and needs no root but for the firewall.

import { tryReadText } from "../../kernel/files.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { leaseFileOf } from "./dnsmasq.ts";
import { dnsmasqsOf } from "./dnsmasq-process.ts";
import { type BridgeFacts, readBridgeFacts } from "./facts.ts";
import { rulesThrough } from "./firewall.ts";
import { type Lease, leasesIn } from "./leases.ts";
import { resolverLine } from "./plan.ts";
import { type PortHolder, portHolders } from "./ports.ts";
import { findProgram, runProgram } from "./programs.ts";
import { iptablesRules, type Rule, ruleWords } from "./ruleset.ts";
import type { BridgeSettings } from "./settings.ts";
import { isNetworkUp } from "./start.ts";
import type { BridgeDevice, BridgeState } from "./status.ts";

const PORTS: readonly number[] = [53, 67];

export function readBridgeState(socket: NetlinkSocket, settings: BridgeSettings): BridgeState {
  const isRoot = effectiveUser() === 0;
  const facts = readBridgeFacts(socket, settings);
  const dnsmasqs = dnsmasqsOf(settings.bridge);
  const others: PortHolder[] = [];
  for (const port of PORTS) {
    for (const holder of portHolders(port)) if (!dnsmasqs.includes(holder.pid)) others.push(holder);
  }
  return {
    isUp: isNetworkUp(),
    bridge: deviceOf(facts, settings.bridge),
    dnsmasqs,
    forwardsIpv4: facts.forwardsIpv4,
    forwardsIpv6: facts.forwardsIpv6,
    hasIpv6: facts.hasIpv6,
    hasRules: isRoot ? hasRules(settings, facts) : undefined,
    missingRules: isRoot ? missingRules(settings, facts) : [],
    firewall: isRoot ? facts.firewall : undefined,
    others,
    resolverLine: resolverLine(settings, facts),
  };
}

function deviceOf(facts: BridgeFacts, name: string): BridgeDevice | undefined {
  const link = facts.links.find((one) => one.name === name);
  if (link === undefined) return undefined;
  const own = facts.addresses.filter((one) => one.device === link.index && one.scope === 0);
  return {
    isUp: link.up,
    kind: link.kind,
    ports: facts.links.filter((one) => one.master === link.index).map((one) => one.name),
    addresses: own.map((one) => ({ bytes: one.bytes, prefix: one.prefix })),
  };
}

function hasRules(settings: BridgeSettings, facts: BridgeFacts): boolean {
  if (facts.nft !== "") {
    const { said } = runProgram(facts.nft, ["list", "tables"]);
    const lines = said.split("\n");
    return lines.includes("table inet lxc") && lines.includes("table ip lxc");
  }
  const rules = iptablesRules(settings, "FORWARD").filter(
    (rule) => rule.program === "iptables" && rule.table === "nat",
  );
  return rules.every((rule): boolean => isThere(rule));
}

function isThere(rule: Rule): boolean {
  const program = findProgram(rule.program);
  return program !== "" && runProgram(program, ruleWords(rule, "check")).succeeded;
}

function missingRules(settings: BridgeSettings, facts: BridgeFacts): string[] {
  const wanted = rulesThrough(facts.firewall.filters, settings.bridge, settings.ipv6 !== undefined && facts.hasIpv6);
  const missing = wanted.filter((rule): boolean => !isThere(rule));
  return missing.map((rule) => `${rule.program} ${ruleWords(rule, "add").join(" ")}`);
}

/** None where the file cannot be read. */
export function readLeases(bridge: string): Lease[] {
  try {
    return leasesIn(tryReadText(leaseFileOf(bridge)) ?? "");
  } catch {
    return [];
  }
}
