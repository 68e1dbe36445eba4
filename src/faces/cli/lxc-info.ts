// lxc-info: what is known about a container.

import { asLxcError } from "../../base/errors.ts";
import { loadConfig } from "../../container/config/load.ts";
import type { Config } from "../../container/config/schema.ts";
import { getItem } from "../../container/config/values.ts";
import { type Container, configFileOf, isDefined } from "../../container/container.ts";
import { addressesOf } from "../../container/network/usage.ts";
import { NO_PRESSURES, type Pressure, type Pressures, type Stall } from "../../isolation/cgroup/pressure.ts";
import type { CgroupStats } from "../../isolation/cgroup/stats.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { initPidOf, stateOf } from "../../lifecycle/command-client.ts";
import type { State } from "../../lifecycle/states.ts";
import { type Arguments, flag, rcFile, refusedBecause, type Tool, valued } from "./command.ts";
import { JsonObject } from "./json.ts";
import { isJson } from "./output.ts";
import { print, printError, printLines } from "./print.ts";
import { humanSeconds, humanSize, labelled } from "./sizes.ts";
import { containerFrom, controlling, missing } from "./target.ts";
import { type Traffic, trafficIn } from "./traffic.ts";
import { NOTHING_USED, pressuresOf, usedBy } from "./usage.ts";

const config = valued("config", "KEY", "c", "Show the value of a configuration key");
const ips = flag("ips", "i", "Show the IP addresses");
const state = flag("state", "s", "Show the state");
const pid = flag("pid", "p", "Show the process id of the first process");
const stats = flag("stats", "S", "Show what the container uses");
const noHumanize = flag("no-humanize", "H", "Show bare numbers, and a single value without its label");

export const lxcInfo: Tool = {
  name: "lxc-info",
  usage: "--name=NAME",
  doc: "lxc-info shows what is known about the container NAME",
  options: [config, ips, state, pid, stats, noHumanize],
  named: true,
  run,
};

/** A key's value; undefined for a key that there is not. */
interface Item {
  readonly key: string;
  readonly value: string | undefined;
}

interface Info {
  readonly container: Container;
  readonly state: State;
  /** 0 when not asked for, or when the container does not run. */
  readonly pid: number;
  readonly ips: readonly string[];
  readonly used: CgroupStats;
  /** Only for JSON: LXC's table has no place for it. */
  readonly pressures: Pressures;
  readonly traffic: readonly Traffic[];
  readonly items: readonly Item[];
}

function run(args: Arguments): number {
  const container = containerFrom(args);
  const keys = args.all(config);
  const now = controlling(container, () => stateOf(container));
  if (now === "STOPPED" && !isDefined(container)) {
    throw missing(container, `show ${container.name}`, `${container.name} doesn't exist`);
  }
  const all = keys.length === 0 && [state, pid, ips, stats].every((option) => !args.has(option));
  const info = gather(args, container, now, all);
  if (isJson(args)) print(`${jsonOf(info)}\n`);
  else printInfo(args, info, all);
  return 0;
}

function gather(args: Arguments, container: Container, now: State, all: boolean): Info {
  const runs = now !== "STOPPED";
  const wantsIps = runs && (all || args.has(ips));
  const wantsStats = runs && (all || args.has(stats));
  const first = runs && (all || wantsIps || args.has(pid)) ? (initPidOf(container) ?? 0) : 0;
  const socket = wantsIps || wantsStats ? new NetlinkSocket() : undefined;
  return {
    container,
    state: now,
    pid: first,
    ips: wantsIps && first > 0 && socket !== undefined ? addressesOf(socket, first) : [],
    used: wantsStats ? usedBy(container) : NOTHING_USED,
    pressures: wantsStats && isJson(args) ? pressuresOf(container) : NO_PRESSURES,
    traffic: wantsStats && socket !== undefined ? trafficIn(container, socket) : [],
    items: itemsOf(args, container),
  };
}

/** As in LXC, from the file, whatever the container was started with. */
function itemsOf(args: Arguments, container: Container): Item[] {
  const items: Item[] = [];
  const keys = args.all(config);
  if (keys.length === 0) return items;
  const values = configOf(args, container);
  for (const key of keys) items.push({ key, value: getItem(values, key) });
  return items;
}

function configOf(args: Arguments, container: Container): Config {
  const path = args.text(rcFile, configFileOf(container));
  try {
    return loadConfig(path, process.env).config;
  } catch (caught) {
    const unreadable = `Failure to retrieve information on ${container.lxcpath}:${container.name}`;
    const message = args.has(rcFile) ? "Failed to load rcfile" : unreadable;
    throw refusedBecause(message, `show ${container.name}`, asLxcError(caught as Error));
  }
}

function printInfo(args: Arguments, info: Info, all: boolean): void {
  const bare = args.has(noHumanize);
  const filters = [state, pid, ips].filter((option) => args.has(option)).length + (args.has(stats) ? 5 : 0);
  const line = (label: string, value: string): string => (bare && filters === 1 ? value : labelled(label, value));
  const lines: string[] = [];
  if (all) lines.push(line("Name:", info.container.name));
  if (all || args.has(state)) lines.push(line("State:", info.state));
  if (info.pid > 0 && (all || args.has(pid))) lines.push(line("PID:", String(info.pid)));
  for (const address of info.ips) lines.push(line("IP:", address));
  lines.push(...usedLines(info.used, bare));
  for (const traffic of info.traffic) lines.push(...trafficLines(traffic, bare));
  for (const item of info.items) {
    if (item.value !== undefined) lines.push(itemLine(item.key, item.value, bare && info.items.length === 1));
  }
  printLines(lines);
  // As in LXC, this does not change the exit code.
  for (const item of info.items) if (item.value === undefined) printError(`${item.key} invalid\n`);
}

/** A line for each thing that this host counts. */
function usedLines(used: CgroupStats, bare: boolean): string[] {
  const lines: string[] = [];
  const cpuNanoseconds = used.cpuNanoseconds;
  const ioBytes = used.ioBytes;
  const memoryBytes = used.memoryBytes;
  const kernelMemoryBytes = used.kernelMemoryBytes;
  const size = (bytes: number): string => (bare ? String(bytes) : humanSize(bytes));
  if (cpuNanoseconds !== undefined) {
    lines.push(labelled("CPU use:", bare ? String(cpuNanoseconds) : humanSeconds(cpuNanoseconds)));
  }
  if (ioBytes !== undefined) lines.push(labelled("BlkIO use:", size(ioBytes)));
  if (memoryBytes !== undefined) lines.push(labelled("Memory use:", size(memoryBytes)));
  if (kernelMemoryBytes !== undefined) lines.push(labelled("KMem use:", size(kernelMemoryBytes)));
  return lines;
}

function trafficLines(traffic: Traffic, bare: boolean): string[] {
  const size = (bytes: number): string => (bare ? String(bytes) : humanSize(bytes));
  const lines = [labelled("Link:", traffic.link)];
  if (traffic.isKnown) {
    lines.push(labelled(" TX bytes:", size(traffic.sentBytes)), labelled(" RX bytes:", size(traffic.receivedBytes)));
  }
  lines.push(labelled(" Total bytes:", size(traffic.sentBytes + traffic.receivedBytes)));
  return lines;
}

function itemLine(key: string, value: string, bare: boolean): string {
  if (bare) return value;
  return value === "" ? `${key} =` : `${key} = ${value}`;
}

function jsonOf(info: Info): string {
  const json = new JsonObject().text("name", info.container.name).text("state", info.state);
  if (info.pid > 0) json.number("pid", info.pid);
  else json.nothing("pid");
  json.texts("ips", info.ips);
  putAmount(json, "cpu_ns", info.used.cpuNanoseconds);
  putAmount(json, "io_bytes", info.used.ioBytes);
  putAmount(json, "memory_bytes", info.used.memoryBytes);
  putAmount(json, "kernel_memory_bytes", info.used.kernelMemoryBytes);
  json.object("pressure", pressureJson(info.pressures));
  const links: JsonObject[] = [];
  for (const { link, sentBytes, receivedBytes } of info.traffic) {
    links.push(new JsonObject().text("link", link).number("tx_bytes", sentBytes).number("rx_bytes", receivedBytes));
  }
  json.objects("links", links);
  const items = new JsonObject();
  for (const { key, value } of info.items) {
    if (value === undefined) items.nothing(key);
    else items.text(key, value);
  }
  return json.object("config", items).encode();
}

function pressureJson(pressures: Pressures): JsonObject {
  const json = new JsonObject();
  putPressure(json, "cpu", pressures.cpu);
  putPressure(json, "memory", pressures.memory);
  putPressure(json, "io", pressures.io);
  return json;
}

function putPressure(json: JsonObject, key: string, pressure: Pressure | undefined): void {
  if (pressure === undefined) {
    json.nothing(key);
    return;
  }
  const one = new JsonObject().object("some", stallJson(pressure.some));
  if (pressure.full === undefined) one.nothing("full");
  else one.object("full", stallJson(pressure.full));
  json.object(key, one);
}

/** Percent of the last 10, 60 and 300 seconds, and the whole time in microseconds. */
function stallJson(stall: Stall): JsonObject {
  const json = new JsonObject().number("avg10", stall.avg10).number("avg60", stall.avg60);
  return json.number("avg300", stall.avg300).number("total_us", stall.totalMicroseconds);
}

function putAmount(json: JsonObject, key: string, amount: number | undefined): void {
  if (amount === undefined) json.nothing(key);
  else json.number(key, amount);
}
