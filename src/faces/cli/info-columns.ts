// What lxc-info knows of a container, for programs.

import type { Container } from "../../container/container.ts";
import type { Pressure, Pressures, Stall } from "../../isolation/cgroup/pressure.ts";
import type { CgroupStats } from "../../isolation/cgroup/stats.ts";
import type { LinkLimits } from "../../kernel/traffic.ts";
import type { State } from "../../lifecycle/states.ts";
import { JsonObject, listed } from "./json.ts";
import { type Column, column, jsonValue, listValue, numberValue, objectValue, textValue } from "./listing.ts";
import type { Traffic } from "./traffic.ts";

/** A key's value; undefined for a key that there is not. */
export interface Item {
  readonly key: string;
  readonly value: string | undefined;
}

export interface Info {
  readonly container: Container;
  readonly state: State;
  /** 0 when not asked for, or when the container does not run. */
  readonly pid: number;
  readonly ips: readonly string[];
  readonly used: CgroupStats;
  /** Only for programs: LXC's table has no place for it. */
  readonly pressures: Pressures;
  readonly traffic: readonly Traffic[];
  /** One for each of `traffic`. */
  readonly limits: readonly LinkLimits[];
  /** Of the host, that lead to the container. */
  readonly ports: readonly string[];
  readonly items: readonly Item[];
}

/** The fields of its JSON. */
export function infoColumns(infos: readonly Info[]): Column[] {
  const of = (at: number): Info => infos[at]!;
  return [
    column("name", (at) => textValue(of(at).container.name)),
    column("state", (at) => textValue(of(at).state)),
    column("pid", (at) => numberValue(of(at).pid > 0 ? of(at).pid : undefined)),
    column("ips", (at) => listValue(of(at).ips)),
    column("cpu_ns", (at) => numberValue(of(at).used.cpuNanoseconds)),
    column("io_bytes", (at) => numberValue(of(at).used.ioBytes)),
    column("memory_bytes", (at) => numberValue(of(at).used.memoryBytes)),
    column("kernel_memory_bytes", (at) => numberValue(of(at).used.kernelMemoryBytes)),
    column("pressure", (at) => objectValue(pressureJson(of(at).pressures))),
    column("links", (at) => jsonValue(listed(linksJson(of(at))))),
    column("ports", (at) => listValue(of(at).ports)),
    column("config", (at) => objectValue(itemsJson(of(at).items))),
  ];
}

function linksJson(info: Info): JsonObject[] {
  const links: JsonObject[] = [];
  for (let at = 0; at < info.traffic.length; at++) links.push(linkJson(info.traffic[at]!, info.limits[at]!));
  return links;
}

/** Limits are there where there is one, in bits a second; all from the container's point of view. */
function linkJson(traffic: Traffic, limits: LinkLimits): JsonObject {
  const { link, sentBytes, receivedBytes } = traffic;
  const json = new JsonObject().text("link", link).number("tx_bytes", sentBytes).number("rx_bytes", receivedBytes);
  if (limits.receivedBits > 0) json.number("tx_limit_bps", limits.receivedBits);
  if (limits.sentBits > 0) json.number("rx_limit_bps", limits.sentBits);
  return json;
}

function itemsJson(items: readonly Item[]): JsonObject {
  const json = new JsonObject();
  for (const { key, value } of items) {
    if (value === undefined) json.nothing(key);
    else json.text(key, value);
  }
  return json;
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
