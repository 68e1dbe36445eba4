// What lxc-ls can show of one container, asked for only when it is shown.

import { asLxcError, type LxcError } from "../../base/errors.ts";
import type { Glance } from "../../container/config/glance.ts";
import { loadConfig } from "../../container/config/load.ts";
import type { Config } from "../../container/config/schema.ts";
import { getItem } from "../../container/config/values.ts";
import { type Container, configFileOf } from "../../container/container.ts";
import { addressesOf, devicesOf } from "../../container/network/usage.ts";
import { ownEnvironment } from "../../kernel/environment.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import type { Question, Said } from "../../lifecycle/command-batch.ts";
import { configItemOf, initPidOf, stateOf } from "../../lifecycle/command-client.ts";
import { type State, stateOfNumber } from "../../lifecycle/states.ts";
import { Listed } from "./listed.ts";
import {
  amountColumn,
  type Column,
  column,
  flagValue,
  listColumn,
  listValue,
  numberValue,
  shownColumn,
  textColumn,
  textValue,
} from "./listing.ts";
import { portsOf } from "./published.ts";
import { controlling } from "./target.ts";
import { memoryOf, swapOf } from "./usage.ts";

/** As LXC's heads; -F takes these words and those of --columns. */
export const columnHeads = "NAME, STATE, PID, RAM, SWAP, AUTOSTART, GROUPS, INTERFACE, IPV4, IPV6, UNPRIVILEGED, PORTS";

/** Every column of lxc-ls. As in LXC, an amount has room for `0.00MB` at least. */
export function allColumns(found: readonly Listed[]): Column[] {
  const of = (at: number): Listed => found[at]!;
  return [
    shownColumn(
      "name",
      "NAME",
      (at) => textValue(of(at).name()),
      (at) => of(at).label(),
    ),
    textColumn("state", (at) => of(at).state()),
    column("pid", (at) => numberValue(of(at).firstPid())),
    amountColumn(
      "ram_bytes",
      "RAM   ",
      (at) => numberValue(of(at).ram()),
      (at) => megabytes(of(at).ram()),
    ),
    amountColumn(
      "swap_bytes",
      "SWAP  ",
      (at) => numberValue(of(at).swap()),
      (at) => megabytes(of(at).swap()),
    ),
    shownColumn(
      "autostart",
      "AUTOSTART",
      (at) => flagValue(of(at).isAutostart()),
      (at) => (of(at).isAutostart() ? "1" : "0"),
    ),
    listColumn("groups", (at) => of(at).groups()),
    shownColumn(
      "interfaces",
      "INTERFACE",
      (at) => listValue(of(at).interfaces()),
      (at) => of(at).interfaces().join(", "),
    ),
    listColumn("ipv4", (at) => of(at).ips(false)),
    listColumn("ipv6", (at) => of(at).ips(true)),
    column("unprivileged", (at) => flagValue(of(at).isUnprivileged())),
    listColumn("ports", (at) => of(at).ports()),
  ];
}

/** LXC's own for -f. */
export const FANCY = "NAME,STATE,AUTOSTART,GROUPS,IPV4,IPV6,UNPRIVILEGED";
/** For programs: of a plain list, and with -f. Amounts cost time, so that they are only told when they are asked for. */
export const PLAIN = "name,state";
export const WHOLE = "name,state,pid,autostart,groups,interfaces,ipv4,ipv6,unprivileged";

function megabytes(sizeBytes: number | undefined): string {
  return sizeBytes === undefined ? "" : `${(sizeBytes / 1024 / 1024).toFixed(2)}MB`;
}

/** What a list shows of a container's configuration. */
const AUTO = "lxc.start.auto";
const GROUPS = "lxc.group";
const IDMAP = "lxc.idmap";
export const listedKeys: readonly string[] = [AUTO, GROUPS, IDMAP];
/** What that takes to ask a monitor. */
const STATE: Question = { name: "get_state", of: "" };
const PID: Question = { name: "get_init_pid", of: "" };
export const listedQuestions: readonly Question[] = [
  STATE,
  PID,
  { name: "get_config_item", of: AUTO },
  { name: "get_config_item", of: GROUPS },
  { name: "get_config_item", of: IDMAP },
];
const FIRST_ITEM = 2;

/** One container; what was asked once is remembered. */
export class Facts extends Listed {
  readonly container: Container;
  #problem: LxcError | undefined = undefined;
  readonly #socket: NetlinkSocket;
  readonly #glance: Glance;
  #state: State | undefined = undefined;
  #pid = -1;
  /** The values of `listedKeys`. */
  #items: string[] | undefined = undefined;
  #addresses: readonly string[] | undefined = undefined;

  constructor(container: Container, socket: NetlinkSocket, glance: Glance) {
    super();
    this.container = container;
    this.#socket = socket;
    this.#glance = glance;
  }

  override name(): string {
    return this.container.name;
  }

  override label(): string {
    return this.container.name;
  }

  override level(): number {
    return 0;
  }

  override problem(): LxcError | undefined {
    return this.#problem;
  }

  override state(): State {
    const state = this.#state ?? controlling(this.container, () => stateOf(this.container));
    this.#state = state;
    return state;
  }

  /** Says that it does not run, so that nobody asks. */
  noteStopped(): void {
    this.#state = "STOPPED";
  }

  /** Takes its monitor's answers to `listedQuestions`; a refusal is left to whoever asks alone, and can say so. */
  noteAnswers(said: readonly Said[]): void {
    const state = stateOfNumber(said[0]!.value);
    if (said[0]!.result < 0 || state === undefined) return;
    this.#state = state;
    this.#pid = Math.max(0, said[1]!.value);
    const items: string[] = [];
    for (let i = FIRST_ITEM; i < said.length; i++) items.push(said[i]!.result < 0 ? "" : said[i]!.text);
    this.#items = items;
  }

  override groups(): string[] {
    return this.#item(GROUPS)
      .split("\n")
      .filter((group): boolean => group !== "");
  }

  /** Bytes of memory; undefined when it does not run. */
  override ram(): number | undefined {
    return this.#isRunning() ? memoryOf(this.container) : undefined;
  }

  override swap(): number | undefined {
    return this.#isRunning() ? swapOf(this.container) : undefined;
  }

  override isAutostart(): boolean {
    return this.#item(AUTO) === "1";
  }

  override isUnprivileged(): boolean {
    return this.#item(IDMAP) !== "";
  }

  /** Undefined when it does not run. */
  override firstPid(): number | undefined {
    if (this.#pid < 0) this.#pid = this.#isRunning() ? (initPidOf(this.container) ?? 0) : 0;
    return this.#pid > 0 ? this.#pid : undefined;
  }

  override ips(version6: boolean): string[] {
    const pid = this.firstPid();
    const addresses = this.#addresses ?? (pid === undefined ? [] : addressesOf(this.#socket, pid));
    this.#addresses = addresses;
    return addresses.filter((address): boolean => address.includes(":") === version6);
  }

  override interfaces(): string[] {
    const pid = this.firstPid();
    return pid === undefined ? [] : devicesOf(this.#socket, pid).map((device) => device.name);
  }

  override ports(): string[] {
    if (this.#isRunning()) return portsOf(this.container);
    const ports: string[] = [];
    for (const network of this.#configuration()?.networks.items ?? []) {
      for (const one of network.publish.lines()) ports.push(one);
    }
    return ports;
  }

  #isRunning(): boolean {
    return this.state() !== "STOPPED";
  }

  /** As the container was started with while it runs, and from its file otherwise; "" for none. */
  #item(key: string): string {
    const items = this.#items ?? (this.#isRunning() ? this.#askItems() : this.#readItems());
    this.#items = items;
    return items[listedKeys.indexOf(key)] ?? "";
  }

  #askItems(): string[] {
    const items: string[] = [];
    for (const key of listedKeys) items.push(configItemOf(this.container, key) ?? "");
    return items;
  }

  #readItems(): string[] {
    return this.#glance.read(configFileOf(this.container)) ?? this.#readWhole();
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
      return loadConfig(configFileOf(this.container), ownEnvironment()).config;
    } catch (caught) {
      this.#problem = asLxcError(caught as Error);
      return undefined;
    }
  }
}
