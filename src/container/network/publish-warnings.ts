// What keeps packets from published ports though a start goes well: told once, before anything is made. Runs in tools.

import { NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_UNSPEC } from "../../kernel/abi/netfilter.ts";
import { tryReadText } from "../../kernel/files.ts";
import { bytesOfText } from "../../kernel/memory.ts";
import { type ListedRule, listChains, listRules, openNftables } from "../../kernel/nftables.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { DOCKER_CHAIN, filterIn } from "../bridge/firewall.ts";
import { type LegacyRules, legacyRules } from "../bridge/legacy-rules.ts";
import type { NetworkPlan } from "./planned.ts";
import { deviceOf, FORWARDING } from "./publish-host.ts";

/** One sentence for each thing. */
export function publishWarnings(plan: NetworkPlan): string[] {
  const wanted = plan.networks.filter((network) => (network.veth?.published.length ?? 0) > 0);
  if (wanted.length === 0) return [];
  const warnings: string[] = [];
  if ((tryReadText(FORWARDING) ?? "").trim() === "0") {
    warnings.push(`published ports need IPv4 forwarding, which was off: it is on from now on (${FORWARDING})`);
  }
  // Nobody else may look.
  if (effectiveUser() !== 0) return warnings;
  const devices: string[] = [];
  for (const network of wanted) devices.push(deviceOf(network));
  return warnings.concat(droppedByNft(devices), droppedByLegacy(devices, legacyRules()));
}

function droppedByNft(devices: readonly string[]): string[] {
  const warnings: string[] = [];
  const socket = openNftables();
  try {
    const chains = listChains(socket);
    const dropping = chains.filter((chain) => chain.dropsForwarded);
    const rules = dropping.length > 0 ? listRules(socket, NFPROTO_UNSPEC) : [];
    for (const device of devices) {
      for (const { family, table, chain } of dropping) {
        const own = rules.filter((rule): boolean => rule.family === family && rule.table === table);
        if (own.some((rule) => mentions(rule, device))) continue;
        const isDocker = chains.some(
          (one) => one.family === family && one.table === table && one.chain === DOCKER_CHAIN,
        );
        warnings.push(droppedBy(family, `${table} ${chain}`, device, isDocker));
      }
    }
  } finally {
    socket.close();
  }
  return warnings;
}

/** Each of `legacy` is what one program of the old kind lists. */
export function droppedByLegacy(devices: readonly string[], legacy: readonly LegacyRules[]): string[] {
  const warnings: string[] = [];
  for (const { program, rules } of legacy) {
    const filter = filterIn(program, rules);
    if (!filter.dropsForward) continue;
    const lines = rules.split("\n").filter((line) => line.startsWith("-A "));
    for (const device of devices) {
      if (lines.some((line) => `${line} `.includes(` ${device} `))) continue;
      const into = filter.hasDockerChain ? DOCKER_CHAIN : "FORWARD";
      warnings.push(unreached(`${program} FORWARD`, filter.hasDockerChain, letThrough(program, into, device)));
    }
  }
  return warnings;
}

function mentions(rule: ListedRule, device: string): boolean {
  const name = bytesOfText(`${device}\0`);
  const { bytes } = rule;
  for (let at = 0; at + name.length <= bytes.length; at++) {
    let same = 0;
    while (same < name.length && bytes[at + same] === name[same]) same++;
    if (same === name.length) return true;
  }
  return false;
}

function droppedBy(family: number, chain: string, device: string, isDocker: boolean): string {
  const name = family === NFPROTO_IPV4 ? "ip" : family === NFPROTO_IPV6 ? "ip6" : "inet";
  const program = family === NFPROTO_IPV6 ? "ip6tables" : "iptables";
  const byTables = chain === "filter FORWARD" && family !== NFPROTO_INET;
  const command = byTables
    ? letThrough(program, isDocker ? DOCKER_CHAIN : "FORWARD", device)
    : `nft insert rule ${name} ${chain} oifname ${device} accept; nft insert rule ${name} ${chain} iifname ${device} accept`;
  return unreached(`${name} ${chain}`, isDocker, command);
}

function letThrough(program: string, chain: string, device: string): string {
  return `${program} -I ${chain} -o ${device} -j ACCEPT; ${program} -I ${chain} -i ${device} -j ACCEPT`;
}

function unreached(chain: string, isDocker: boolean, command: string): string {
  const who = isDocker ? "Docker's chain" : "the chain";
  return `published ports are not reached from outside: ${who} ${chain} drops what it does not know; ${command}`;
}
