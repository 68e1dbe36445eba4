// Taking back what lxc-net has made, newest first; what was never made, or is gone, is no failure.

import { asLxcError, type LxcError } from "../../base/errors.ts";
import { networkIn } from "../../base/ip-network.ts";
import { EADDRNOTAVAIL, ENODEV } from "../../kernel/abi/errno.ts";
import { addressRemoval, interfaceAddress } from "../../kernel/addresses.ts";
import { changeRequest, deleteLink, findLink, listLinks } from "../../kernel/links.ts";
import { type NetlinkRequest, type NetlinkSocket, refusedRequest } from "../../kernel/netlink.ts";
import { endDnsmasqsOf } from "./dnsmasq-process.ts";
import { hwaddrText } from "./leases.ts";
import { type Made, ruleFrom } from "./made.ts";
import { findProgram, mustRun, runProgram } from "./programs.ts";
import { nftRemoval, ruleWords } from "./ruleset.ts";

export interface TakenBack {
  /** What is still there, oldest first. */
  readonly left: readonly Made[];
  /** Devices that a bridge stays for. */
  readonly ports: readonly string[];
  readonly failures: readonly LxcError[];
}

/** One thing that fails never stops the others. */
export function takeBack(socket: NetlinkSocket, made: readonly Made[]): TakenBack {
  const left: Made[] = [];
  const ports: string[] = [];
  const failures: LxcError[] = [];
  for (const one of made.toReversed()) {
    try {
      const kept = takeOne(socket, one);
      if (kept.length === 0) continue;
      left.unshift(one);
      for (const port of kept) ports.push(port);
    } catch (caught) {
      failures.push(asLxcError(caught as Error));
      left.unshift(one);
    }
  }
  return { left, ports, failures };
}

const GONE: readonly string[] = [];

/** Returns the devices that it must stay for. */
function takeOne(socket: NetlinkSocket, made: Made): readonly string[] {
  const [first = "", second = ""] = made.words;
  switch (made.kind) {
    case "bridge":
      return takeBridge(socket, first, second);
    case "address":
      takeAddress(socket, first, second);
      break;
    case "up":
      switchOff(socket, first);
      break;
    case "table":
      takeTable(`${first} ${second}`);
      break;
    case "rule":
      takeRule(made.words);
      break;
    case "dnsmasq":
      endDnsmasqsOf(first);
      break;
    default:
      forgetNames(socket, first);
  }
  return GONE;
}

/** As in LXC it stays while something is connected to it. One with another address is not the one we made. */
function takeBridge(socket: NetlinkSocket, name: string, hwaddr: string): readonly string[] {
  const link = findLink(socket, name);
  if (link === undefined || link.kind !== "bridge" || hwaddrText(link.hwaddr) !== hwaddr) return GONE;
  const ports = portsOf(socket, link.index);
  if (ports.length === 0) deleteLink(socket, link.index, name);
  return ports;
}

/** The devices that are connected to the bridge at an index. */
export function portsOf(socket: NetlinkSocket, index: number): string[] {
  const names: string[] = [];
  for (const link of listLinks(socket)) if (link.master === index) names.push(link.name);
  return names;
}

function takeAddress(socket: NetlinkSocket, name: string, text: string): void {
  const link = findLink(socket, name);
  const network = networkIn(text);
  if (link === undefined || network === undefined) return;
  tell(socket, addressRemoval(link.index, interfaceAddress(network.bytes, network.prefix), text));
}

function switchOff(socket: NetlinkSocket, name: string): void {
  const link = findLink(socket, name);
  if (link !== undefined) tell(socket, changeRequest(link.index, name, { up: false }));
}

function tell(socket: NetlinkSocket, request: NetlinkRequest): void {
  for (const refusal of socket.tryRun([request]).refusals) {
    if (refusal.errno !== EADDRNOTAVAIL && refusal.errno !== ENODEV) throw refusedRequest(request, refusal);
  }
}

function takeTable(table: string): void {
  const nft = findProgram("nft");
  // Without it there can be no table of ours, unless it was removed since; then the next boot takes it.
  if (nft === "") return;
  mustRun(nft, [nftRemoval([table])], `remove the table ${table}`, `nft delete table ${table}`);
}

function takeRule(words: readonly string[]): void {
  const rule = ruleFrom(words);
  const program = findProgram(rule.program);
  // It fails where there is no such rule.
  if (program !== "") runProgram(program, ruleWords(rule, "delete"));
}

/** Of a bridge that goes systemd-resolved forgets them by itself. */
function forgetNames(socket: NetlinkSocket, bridge: string): void {
  const program = findProgram("resolvectl");
  if (program !== "" && findLink(socket, bridge) !== undefined) runProgram(program, ["revert", bridge]);
}
