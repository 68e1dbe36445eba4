// What lxc-ls can show of one container, asked for only when it is shown.

import { asLxcError, type LxcError } from "../../base/errors.ts";
import { upperCase } from "../../base/text.ts";
import type { Glance } from "../../container/config/glance.ts";
import { loadConfig } from "../../container/config/load.ts";
import type { Config } from "../../container/config/schema.ts";
import { getItem } from "../../container/config/values.ts";
import { type Container, configFileOf } from "../../container/container.ts";
import { addressesOf, devicesOf } from "../../container/network/usage.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import { configItemOf, initPidOf, stateOf } from "../../lifecycle/command-client.ts";
import type { State } from "../../lifecycle/states.ts";
import { JsonObject } from "./json.ts";
import { controlling } from "./target.ts";
import { memoryOf, swapOf } from "./usage.ts";

export type Column =
  | "NAME"
  | "STATE"
  | "PID"
  | "RAM"
  | "SWAP"
  | "AUTOSTART"
  | "GROUPS"
  | "INTERFACE"
  | "IPV4"
  | "IPV6"
  | "UNPRIVILEGED";

const all: readonly Column[] = [
  "NAME",
  "STATE",
  "PID",
  "RAM",
  "SWAP",
  "AUTOSTART",
  "GROUPS",
  "INTERFACE",
  "IPV4",
  "IPV6",
  "UNPRIVILEGED",
];

export const columnNames: readonly string[] = all;

export function columnNamed(word: string): Column | undefined {
  for (const column of all) if (column === upperCase(word)) return column;
  return undefined;
}

export function defaultColumns(): Column[] {
  return ["NAME", "STATE", "AUTOSTART", "GROUPS", "IPV4", "IPV6", "UNPRIVILEGED"];
}

function megabytes(sizeBytes: number): string {
  return `${(sizeBytes / 1024 / 1024).toFixed(2)}MB`;
}

/** What a list shows of a container's configuration. */
const AUTO = "lxc.start.auto";
const GROUPS = "lxc.group";
const IDMAP = "lxc.idmap";
export const listedKeys: readonly string[] = [AUTO, GROUPS, IDMAP];

/** One container; what was asked once is remembered. */
export class Facts {
  readonly container: Container;
  /** Why its configuration could not be read, if that was tried. */
  problem: LxcError | undefined = undefined;
  readonly #socket: NetlinkSocket;
  readonly #glance: Glance;
  #state: State | undefined = undefined;
  #pid = -1;
  #glanced: string[] | undefined = undefined;
  #addresses: readonly string[] | undefined = undefined;

  constructor(container: Container, socket: NetlinkSocket, glance: Glance) {
    this.container = container;
    this.#socket = socket;
    this.#glance = glance;
  }

  state(): State {
    const state = this.#state ?? controlling(this.container, () => stateOf(this.container));
    this.#state = state;
    return state;
  }

  /** Says that it does not run, so that nobody asks. */
  noteStopped(): void {
    this.#state = "STOPPED";
  }

  groups(): string[] {
    return this.#item(GROUPS)
      .split("\n")
      .filter((group): boolean => group !== "");
  }

  cell(column: Column): string {
    const text = this.#text(column);
    return text === "" ? "-" : text;
  }

  /** What the plain list tells, or with `whole` what the default table does. */
  json(whole: boolean): JsonObject {
    const json = new JsonObject().text("name", this.container.name).text("state", this.state());
    if (!whole) return json;
    const pid = this.#firstPid();
    if (pid > 0) json.number("pid", pid);
    else json.nothing("pid");
    return json
      .flag("autostart", this.#isAutostart())
      .texts("groups", this.groups())
      .texts("interfaces", this.#interfaces())
      .texts("ipv4", this.#ips(false))
      .texts("ipv6", this.#ips(true))
      .flag("unprivileged", this.#isUnprivileged());
  }

  #text(column: Column): string {
    switch (column) {
      case "NAME":
        return this.container.name;
      case "STATE":
        return this.state();
      case "PID":
        return this.#firstPid() > 0 ? String(this.#firstPid()) : "";
      case "RAM":
        return this.#isRunning() ? megabytes(memoryOf(this.container)) : "";
      case "SWAP":
        return this.#isRunning() ? megabytes(swapOf(this.container)) : "";
      case "AUTOSTART":
        return this.#isAutostart() ? "1" : "0";
      case "GROUPS":
        return this.groups().join(", ");
      case "INTERFACE":
        return this.#interfaces().join(", ");
      case "IPV4":
        return this.#ips(false).join(", ");
      case "IPV6":
        return this.#ips(true).join(", ");
      default:
        return this.#isUnprivileged() ? "true" : "false";
    }
  }

  #isRunning(): boolean {
    return this.state() !== "STOPPED";
  }

  #isAutostart(): boolean {
    return this.#item(AUTO) === "1";
  }

  #isUnprivileged(): boolean {
    return this.#item(IDMAP) !== "";
  }

  /** 0 when it does not run. */
  #firstPid(): number {
    if (this.#pid < 0) this.#pid = this.#isRunning() ? (initPidOf(this.container) ?? 0) : 0;
    return this.#pid;
  }

  #ips(version6: boolean): string[] {
    const pid = this.#firstPid();
    const addresses = this.#addresses ?? (pid > 0 ? addressesOf(this.#socket, pid) : []);
    this.#addresses = addresses;
    return addresses.filter((address): boolean => address.includes(":") === version6);
  }

  #interfaces(): string[] {
    const pid = this.#firstPid();
    return pid > 0 ? devicesOf(this.#socket, pid).map((device) => device.name) : [];
  }

  /** As the container was started with while it runs, and from its file otherwise; "" for none. */
  #item(key: string): string {
    if (this.#isRunning()) return configItemOf(this.container, key) ?? "";
    const glanced = this.#glanced ?? this.#glance.read(configFileOf(this.container)) ?? this.#readWhole();
    this.#glanced = glanced;
    return glanced[listedKeys.indexOf(key)] ?? "";
  }

  /** The same values from all of the file; why that cannot be read is kept. */
  #readWhole(): string[] {
    const items: string[] = [];
    const config = this.#configuration();
    for (const key of listedKeys) items.push(config === undefined ? "" : (getItem(config, key) ?? ""));
    return items;
  }

  #configuration(): Config | undefined {
    try {
      return loadConfig(configFileOf(this.container), process.env).config;
    } catch (caught) {
      this.problem = asLxcError(caught as Error);
      return undefined;
    }
  }
}
