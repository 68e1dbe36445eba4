// Which firewalls of the host stand in the way of containers, and the rules that let them through. Pure.

import { blankSeparated } from "../../base/text.ts";
import { acceptForward, acceptInput, type Rule } from "./ruleset.ts";

/** Behind the protocol in the names of its programs. */
export const TABLES = "tables";
export const DOCKER_CHAIN = "DOCKER-USER";

/** The filter of one program of the iptables family. */
export interface IptablesFilter {
  /** The program that its rules belong to, such as iptables-legacy. */
  readonly program: string;
  /** What comes in, and what is passed on, is dropped where no rule lets it through. */
  readonly dropsInput: boolean;
  readonly dropsForward: boolean;
  /** Docker's chain for rules of the user. */
  readonly hasDockerChain: boolean;
}

/** A chain of another program's table that drops what it does not know. */
export interface DroppingChain {
  /** Family and name. */
  readonly table: string;
  readonly chain: string;
  readonly hook: "input" | "forward";
}

export interface HostFirewall {
  readonly filters: readonly IptablesFilter[];
  readonly dropping: readonly DroppingChain[];
  readonly hasFirewalld: boolean;
}

interface NftChain {
  readonly table: string;
  readonly name: string;
  /** "" for one that packets come to from another. */
  readonly hook: string;
  readonly drops: boolean;
}

/** Reads what `nft list chains` prints. */
export function firewallIn(text: string): HostFirewall {
  const chains = chainsIn(text);
  const filters: IptablesFilter[] = [];
  for (const program of ["iptables", "ip6tables"]) {
    const table = `${program.slice(0, -TABLES.length)} filter`;
    const own = chains.filter((chain) => chain.table === table && isOfIptables(chain.name));
    if (own.length > 0) filters.push(filterFrom(program, own));
  }
  const dropping: DroppingChain[] = [];
  for (const { table, name, hook, drops } of chains) {
    const isOther = !table.endsWith(" filter") || !isOfIptables(name);
    if (drops && isOther && (hook === "input" || hook === "forward")) dropping.push({ table, chain: name, hook });
  }
  return { filters, dropping, hasFirewalld: chains.some((chain) => chain.table.endsWith(" firewalld")) };
}

/** Its own chains are in capitals, those of other programs hardly ever. */
function isOfIptables(name: string): boolean {
  return name === "INPUT" || name === "FORWARD" || name === "OUTPUT" || name === DOCKER_CHAIN;
}

function filterFrom(program: string, chains: readonly NftChain[]): IptablesFilter {
  const drops = (name: string): boolean => chains.some((chain) => chain.name === name && chain.drops);
  return {
    program,
    dropsInput: drops("INPUT"),
    dropsForward: drops("FORWARD"),
    hasDockerChain: chains.some((chain) => chain.name === DOCKER_CHAIN),
  };
}

function chainsIn(text: string): NftChain[] {
  const chains: NftChain[] = [];
  let table = "";
  let name = "";
  let hook = "";
  let drops = false;
  for (const line of text.split("\n")) {
    const words = blankSeparated(line.trim());
    const first = words[0] ?? "";
    if (first === "table") table = `${words[1] ?? ""} ${words[2] ?? ""}`;
    else if (first === "chain") {
      name = words[1] ?? "";
      hook = "";
      drops = false;
    } else if (first === "type") {
      hook = words[words.indexOf("hook") + 1] ?? "";
      drops = line.includes("policy drop;");
    } else if (first === "}" && name !== "") {
      chains.push({ table, name, hook, drops });
      name = "";
    }
  }
  return chains;
}

/** Reads what `iptables -S` prints of the filter table. */
export function filterIn(program: string, text: string): IptablesFilter {
  const lines = text.split("\n");
  return {
    program,
    dropsInput: lines.includes("-P INPUT DROP"),
    dropsForward: lines.includes("-P FORWARD DROP"),
    hasDockerChain: lines.includes(`-N ${DOCKER_CHAIN}`),
  };
}

/** The rules of iptables that a host needs beside our own tables: in nft, what one table accepts another may still drop. */
export function rulesThrough(filters: readonly IptablesFilter[], bridge: string, withIpv6: boolean): Rule[] {
  let rules: Rule[] = [];
  for (const filter of filters) {
    const { program, hasDockerChain } = filter;
    if (program.startsWith("ip6") && !withIpv6) continue;
    if (filter.dropsInput) rules = rules.concat(acceptInput(program, bridge));
    if (hasDockerChain || filter.dropsForward) {
      rules = rules.concat(acceptForward(program, hasDockerChain ? DOCKER_CHAIN : "FORWARD", bridge));
    }
  }
  return rules;
}

/** The commands for what is not ours to change, each with why. */
export function firewallAdvice(firewall: HostFirewall, bridge: string): string[] {
  const advice: string[] = [];
  if (firewall.hasFirewalld) {
    const trust = `firewall-cmd --permanent --zone=trusted --add-interface=${bridge} && firewall-cmd --reload`;
    advice.push(`firewalld keeps containers from addresses and names; run: ${trust}`);
  }
  for (const { table, chain, hook } of firewall.dropping) {
    const words = hook === "input" ? [`iifname ${bridge}`] : [`iifname ${bridge}`, `oifname ${bridge}`];
    const commands = words.map((match) => `nft insert rule ${table} ${chain} ${match} accept`);
    const what = hook === "input" ? "what containers ask the host for" : "what containers send and get";
    advice.push(`the chain ${chain} of the table ${table} drops ${what}; run: ${commands.join(" && ")}`);
  }
  return advice;
}
