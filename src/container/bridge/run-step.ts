// Doing one step of a plan for the bridge: it is noted first, so that whoever is killed in between leaves nothing unknown.

import { asLxcError, LxcError, withHint } from "../../base/errors.ts";
import { parentOf } from "../../base/path.ts";
import { AT_FDCWD } from "../../kernel/abi/fs.ts";
import { addressRequest } from "../../kernel/addresses.ts";
import { makeDirectories, tryWriteAt } from "../../kernel/files.ts";
import { bridgeRequest, changeRequest, findLink } from "../../kernel/links.ts";
import type { NetlinkRequest, NetlinkSocket } from "../../kernel/netlink.ts";
import { leaseFileOf } from "./dnsmasq.ts";
import { endDnsmasqsOf } from "./dnsmasq-process.ts";
import { PROC_NET } from "./facts.ts";
import { hwaddrText } from "./leases.ts";
import { hostsFolder, noteMade, wordsOfRule } from "./made.ts";
import type { BridgeStep } from "./plan.ts";
import { explainPorts } from "./ports.ts";
import { findProgram, mustRun, runProgram } from "./programs.ts";
import { type Rule, ruleWords } from "./ruleset.ts";

/** Returns what should be told of it, or "". Throws when one cannot go on without it. */
export function runStep(socket: NetlinkSocket, bridge: string, step: BridgeStep): string {
  switch (step.kind) {
    case "bridge":
      noteMade(bridge, { kind: "bridge", words: [step.name, hwaddrText(step.hwaddr)] });
      socket.run([bridgeRequest(step.name, step.hwaddr)]);
      return "";
    case "setting":
      return setKernel(step.path, step.value, step.isOptional);
    case "address":
      noteMade(bridge, { kind: "address", words: [bridge, step.text] });
      return onBridge(socket, bridge, (index) => addressRequest(index, step.address, `${step.text} to ${bridge}`));
    case "up":
      noteMade(bridge, { kind: "up", words: [bridge] });
      return onBridge(socket, bridge, (index) => changeRequest(index, bridge, { up: true }));
    case "tables":
      for (const table of step.tables) noteMade(bridge, { kind: "table", words: table.split(" ") });
      mustRun(
        step.program,
        [step.ruleset],
        "set the rules of the firewall",
        "see whether the kernel has nf_tables: modprobe nf_tables",
      );
      return "";
    case "rule":
      return addRule(bridge, step.rule);
    case "dnsmasq":
      startDnsmasq(bridge, step.program, step.words);
      return "";
    default:
      noteMade(bridge, { kind: "names", words: [bridge] });
      return tellNames(step.program, step.calls);
  }
}

function onBridge(socket: NetlinkSocket, bridge: string, request: (index: number) => NetlinkRequest): string {
  const link = findLink(socket, bridge);
  if (link === undefined) {
    throw new LxcError("wrong-state", `set up ${bridge}`, "it vanished at once", {
      hint: "another program removes network devices; see `ip monitor link`",
    });
  }
  socket.run([request(link.index)]);
  return "";
}

function setKernel(path: string, value: string, isOptional: boolean): string {
  const result = tryWriteAt(AT_FDCWD, `${PROC_NET}/${path}`, value);
  if (result >= 0 || isOptional) return "";
  throw new LxcError("syscall-failed", `set ${path.split("/").join(".")} to ${value}`, "the kernel does not take it", {
    errno: -result,
    hint: `see whether ${PROC_NET} is mounted read-only, as in a container`,
  });
}

function addRule(bridge: string, rule: Rule): string {
  const program = findProgram(rule.program);
  if (program === "") return `the firewall has a rule less than it needs: ${rule.program} is not installed`;
  noteMade(bridge, { kind: "rule", words: wordsOfRule(rule) });
  const ran = runProgram(program, ruleWords(rule, "add"));
  if (ran.succeeded || rule.isOptional) return "";
  throw new LxcError("syscall-failed", "set the rules of the firewall", `${program}: ${ran.said}`, {
    hint: `try it by hand: ${program} ${ruleWords(rule, "add").join(" ")}`,
  });
}

function startDnsmasq(bridge: string, program: string, words: readonly string[]): void {
  makeDirectories(hostsFolder(bridge), 0o755);
  makeDirectories(parentOf(leaseFileOf(bridge)), 0o755);
  noteMade(bridge, { kind: "dnsmasq", words: [bridge] });
  // One that was started by somebody who was killed right after.
  endDnsmasqsOf(bridge);
  const hint = `try it in the foreground: ${program} --keep-in-foreground ${words.join(" ")}`;
  try {
    mustRun(program, words, "start dnsmasq", hint);
  } catch (caught) {
    const error = asLxcError(caught as Error);
    const explained = error.reason.includes("already in use") ? explainPorts(words) : "";
    if (explained === "") throw error;
    throw withHint(error, explained);
  }
}

/** The bridge works without it. */
function tellNames(program: string, calls: readonly string[][]): string {
  for (const words of calls) {
    const ran = runProgram(program, words);
    if (!ran.succeeded) return `systemd-resolved does not learn the containers' names: ${program}: ${ran.said}`;
  }
  return "";
}
