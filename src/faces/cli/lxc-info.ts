// lxc-info: what is known about a container.

import { asLxcError } from "../../base/errors.ts";
import { loadConfig } from "../../container/config/load.ts";
import { bitRateText } from "../../container/config/publish-codecs.ts";
import type { Config } from "../../container/config/schema.ts";
import { getItem } from "../../container/config/values.ts";
import { type Container, configFileOf, isDefined } from "../../container/container.ts";
import { limitsOfLink } from "../../container/network/link-limits.ts";
import { addressesOf } from "../../container/network/usage.ts";
import { NO_PRESSURES } from "../../isolation/cgroup/pressure.ts";
import type { CgroupStats } from "../../isolation/cgroup/stats.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import type { LinkLimits } from "../../kernel/traffic.ts";
import { initPidOf, stateOf } from "../../lifecycle/command-client.ts";
import type { State } from "../../lifecycle/states.ts";
import { isColored, paintedState } from "./color.ts";
import {
  type Arguments,
  badValue,
  columns,
  flag,
  format,
  rcFile,
  refusedBecause,
  type Tool,
  valued,
} from "./command.ts";
import { measure, metricsOf } from "./container-metrics.ts";
import { type Info, type Item, infoColumns } from "./info-columns.ts";
import { columnsFrom, printThing } from "./listing.ts";
import { formatOf } from "./output.ts";
import { print, printError, printLines } from "./print.ts";
import { portsOf } from "./published.ts";
import { humanSeconds, humanSize, labelled } from "./sizes.ts";
import { checkRcFile, containerFrom, controlling, missing } from "./target.ts";
import { type Traffic, trafficIn } from "./traffic.ts";
import { NOTHING_USED, pressuresOf, usedBy } from "./usage.ts";

const config = valued("config", "KEY", "c", "Show the value of a configuration key");
const ips = flag("ips", "i", "Show the IP addresses");
const state = flag("state", "s", "Show the state");
const pid = flag("pid", "p", "Show the process id of the first process");
const stats = flag("stats", "S", "Show what the container uses");
const noHumanize = flag("no-humanize", "H", "Show bare numbers, and a single value without its label");

const metrics = flag("metrics", "", "Print what it uses as OpenMetrics text");

export const lxcInfo: Tool = {
  name: "lxc-info",
  usage: "--name=NAME",
  doc: "lxc-info shows what is known about the container NAME",
  options: [config, ips, state, pid, stats, noHumanize, metrics],
  named: true,
  rows: true,
  run,
};

function run(args: Arguments): number {
  const container = containerFrom(args);
  checkRcFile(args, container);
  const keys = args.all(config);
  const now = controlling(container, () => stateOf(container));
  if (now === "STOPPED" && !isDefined(container)) {
    throw missing(container, `show ${container.name}`, `${container.name} doesn't exist`);
  }
  if (args.has(metrics)) return printMetrics(args, container, now);
  const all = keys.length === 0 && [state, pid, ips, stats].every((option) => !args.has(option));
  const isChosen = args.has(columns);
  if (formatOf(args) === "table" && !isChosen) {
    printInfo(args, gather(args, container, now, wishesFrom(args, all, false)), all);
    return 0;
  }
  const infos: Info[] = [];
  const every = infoColumns(infos);
  const wanted = columnsFrom(args, every, every);
  const wishes = isChosen ? wishesOf(wanted.map((each) => each.name)) : wishesFrom(args, all, true);
  infos.push(gather(args, container, now, wishes));
  printThing(args, wanted);
  return 0;
}

function printMetrics(args: Arguments, container: Container, now: State): number {
  if (formatOf(args) !== "table" || args.has(columns)) {
    throw badValue(
      format,
      args.text(format, ""),
      "--metrics has a format of its own",
      "leave --format and --columns out",
    );
  }
  print(metricsOf([measure(container, now, new NetlinkSocket())]));
  return 0;
}

/** What must be asked for, each of which costs time. */
interface Wishes {
  readonly pid: boolean;
  readonly ips: boolean;
  readonly used: boolean;
  readonly pressures: boolean;
  readonly traffic: boolean;
  readonly ports: boolean;
}

function wishesFrom(args: Arguments, all: boolean, isForProgram: boolean): Wishes {
  const used = all || args.has(stats);
  const addresses = all || args.has(ips);
  return {
    pid: addresses || args.has(pid),
    ips: addresses,
    used,
    pressures: used && isForProgram,
    traffic: used,
    ports: all,
  };
}

function wishesOf(names: readonly string[]): Wishes {
  return {
    pid: names.includes("pid") || names.includes("ips"),
    ips: names.includes("ips"),
    used: names.some((name) => name.startsWith("cpu_") || name.endsWith("_bytes")),
    pressures: names.includes("pressure"),
    traffic: names.includes("links"),
    ports: names.includes("ports"),
  };
}

function gather(args: Arguments, container: Container, now: State, wishes: Wishes): Info {
  const runs = now !== "STOPPED";
  const first = runs && wishes.pid ? (initPidOf(container) ?? 0) : 0;
  const socket = runs && (wishes.ips || wishes.traffic) ? new NetlinkSocket() : undefined;
  const traffic = wishes.traffic && socket !== undefined ? trafficIn(container, socket) : [];
  return {
    container,
    state: now,
    pid: first,
    ips: wishes.ips && first > 0 && socket !== undefined ? addressesOf(socket, first) : [],
    used: runs && wishes.used ? usedBy(container) : NOTHING_USED,
    pressures: runs && wishes.pressures ? pressuresOf(container) : NO_PRESSURES,
    traffic,
    limits: socket === undefined ? [] : traffic.map((one): LinkLimits => limitsOf(one, socket)),
    ports: runs && wishes.ports ? portsOf(container) : [],
    items: itemsOf(args, container),
  };
}

const NO_LIMITS: LinkLimits = { sentBits: 0, receivedBits: 0 };

function limitsOf(traffic: Traffic, socket: NetlinkSocket): LinkLimits {
  return traffic.hostIndex > 0 ? limitsOfLink(socket, traffic.hostIndex) : NO_LIMITS;
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
    return loadConfig(path, ownEnvironment()).config;
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
  if (all || args.has(state)) lines.push(line("State:", isColored(1) ? paintedState(info.state) : info.state));
  if (info.pid > 0 && (all || args.has(pid))) lines.push(line("PID:", String(info.pid)));
  for (const address of info.ips) lines.push(line("IP:", address));
  lines.push(...usedLines(info.used, bare));
  for (let at = 0; at < info.traffic.length; at++) {
    lines.push(...trafficLines(info.traffic[at]!, bare));
    lines.push(...limitLines(info.limits[at]!, bare));
  }
  for (const ports of info.ports) lines.push(labelled("Port:", ports));
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

/** What LXC has no lines for, and no container without these keys has here. */
function limitLines(limits: LinkLimits, bare: boolean): string[] {
  const rate = (bits: number): string => (bare ? String(bits) : bitRateText(bits));
  const lines: string[] = [];
  if (limits.receivedBits > 0) lines.push(labelled(" TX limit:", rate(limits.receivedBits)));
  if (limits.sentBits > 0) lines.push(labelled(" RX limit:", rate(limits.sentBits)));
  return lines;
}

function itemLine(key: string, value: string, bare: boolean): string {
  if (bare) return value;
  return value === "" ? `${key} =` : `${key} = ${value}`;
}
