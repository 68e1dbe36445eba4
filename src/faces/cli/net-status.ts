// lxc-net status: how the bridge is, and how a container is reached.

import { LxcError } from "../../base/errors.ts";
import type { Lease } from "../../container/bridge/leases.ts";
import { readBridgeState, readLeases } from "../../container/bridge/read-status.ts";
import type { ReadSettings } from "../../container/bridge/settings.ts";
import { checkBridge, type ServiceState, serviceState } from "../../container/bridge/status.ts";
import { stops, walk } from "../../container/bridge/walk.ts";
import { loadConfig } from "../../container/config/load.ts";
import { type Container, configFileOf, containerOf, isDefined } from "../../container/container.ts";
import type { DoctorCheck } from "../../container/doctor-checks.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { effectiveUser } from "../../kernel/process.ts";
import { type Arguments, lxcpath } from "./command.ts";
import { checkColumns } from "./doctor-print.ts";
import { JsonObject } from "./json.ts";
import { rowsJson } from "./listing.ts";
import { readWalk } from "./net-read-walk.ts";
import { isJson } from "./output.ts";
import { print, printLines, table } from "./print.ts";
import { lxcpathFrom, missing } from "./target.ts";

/** As in the LSB: the service runs, and something of it does not; the service does not run. */
const EXIT_BROKEN = 1;
const EXIT_STOPPED = 3;

/** Returns the exit code. */
export function tellStatus(args: Arguments, read: ReadSettings): number {
  const name = args.operands[1] ?? "";
  return name === "" ? tellBridge(args, read) : tellContainer(args, read, containerOf(`${name}`, lxcpathFrom(args)));
}

function tellBridge(args: Arguments, read: ReadSettings): number {
  const { settings } = read;
  const state = withSocket((socket) => readBridgeState(socket, settings));
  const checks = checkBridge(settings, state);
  const service = serviceState(settings, state, checks);
  const leases = readLeases(settings.bridge);
  // Of one that is not to run, only that is told.
  const told = service === "off" || service === "stopped" ? checks.filter((check) => check.id === "port") : checks;
  if (isJson(args)) {
    const object = new JsonObject().text("state", service).text("bridge", settings.bridge);
    print(`${object.raw("checks", checksJson(told)).objects("leases", leases.map(leaseJson)).encode()}\n`);
  } else printLines([`State: ${stateWords(service, read)}`].concat(checkLines(told), leaseLines(leases)));
  return service === "running" ? 0 : service === "broken" ? EXIT_BROKEN : EXIT_STOPPED;
}

function withSocket<T>(act: (socket: NetlinkSocket) => T): T {
  const socket = new NetlinkSocket();
  try {
    return act(socket);
  } finally {
    socket.close();
  }
}

function stateWords(service: ServiceState, read: ReadSettings): string {
  switch (service) {
    case "off":
      return `off, as ${read.wantedAt} says (USE_LXC_BRIDGE)`;
    case "stopped":
      return "stopped; run: lxc-net start";
    case "broken":
      return "running, but not all of it works";
    default:
      return "running";
  }
}

function checkLines(checks: readonly DoctorCheck[]): string[] {
  const lines: string[] = [];
  for (const check of checks) {
    const isBad = check.weight === "stops" || check.weight === "limits";
    lines.push(`${isBad ? "! " : ""}${check.what}: ${check.detail === "" ? "as it should be" : check.detail}`);
    if (check.fix !== "") lines.push(`    ${isBad ? "fix" : "hint"}: ${check.fix}`);
  }
  return lines;
}

function leaseLines(leases: readonly Lease[]): string[] {
  if (leases.length === 0) return [];
  const rows = leases.map((lease): string[] => [lease.address, lease.hwaddr, lease.name === "" ? "-" : lease.name]);
  return ["Leases:"].concat(table(rows).map((line): string => `  ${line}`));
}

function leaseJson(lease: Lease): JsonObject {
  const object = new JsonObject().text("address", lease.address).text("hwaddr", lease.hwaddr);
  return object.text("name", lease.name).number("expires", lease.expires);
}

function checksJson(checks: readonly DoctorCheck[]): string {
  return rowsJson(checkColumns(checks), checks.length);
}

function tellContainer(args: Arguments, read: ReadSettings, container: Container): number {
  const { name } = container;
  if (!isDefined(container)) throw missing(container, `look at ${name}`, `Container ${name} does not exist`);
  if (effectiveUser() !== 0) {
    throw new LxcError(
      "not-permitted",
      `look at the network of ${name}`,
      "it takes root to look at bridge and firewall",
      {
        hint: `sudo lxc-net status ${name} -P ${container.lxcpath}`,
      },
    );
  }
  const { settings } = read;
  const config = loadConfig(configFileOf(container), ownEnvironment()).config;
  const place = args.has(lxcpath) ? ` -P ${container.lxcpath}` : "";
  const socket = new NetlinkSocket();
  try {
    const service = checkBridge(settings, readBridgeState(socket, settings));
    const way = walk(settings, readWalk(socket, settings, container, config, place), service);
    const end = way.find((step) => stops(step));
    if (isJson(args)) {
      const object = new JsonObject().text("name", name).flag("reached", end === undefined);
      print(
        `${object
          .text("stops", end?.id ?? "")
          .raw("way", checksJson(way))
          .encode()}\n`,
      );
    } else {
      const last = end === undefined ? `${name} is reached, and reaches the world.` : `It stops there.`;
      printLines(checkLines(way).concat([last]));
    }
    return end === undefined ? 0 : EXIT_BROKEN;
  } finally {
    socket.close();
  }
}
