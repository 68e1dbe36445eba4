// What every kind of network does: it is made, completed, and taken away with its scripts run. Runs in the monitor.

import type { EventLoop } from "../../kernel/event-loop.ts";
import type { LinkInfo } from "../../kernel/links.ts";
import type { NetlinkSocket } from "../../kernel/netlink.ts";
import type { Container } from "../container.ts";
import { openInside } from "./inside.ts";
import type { PlannedNetwork } from "./planned.ts";
import { L2Proxy } from "./proxies.ts";
import { type NetworkScripts, scriptCall } from "./scripts.ts";

/** Where the devices go, and how scripts are run. */
export interface NetworkTarget {
  /** The container's first process: its network namespace is there by now. */
  readonly initPid: number;
  readonly scripts: NetworkScripts;
  /** Where it is kept what devices of the host were like that move in (`movedLinksFolder`); "" for nowhere. */
  readonly movedFolder: string;
  readonly container: Container;
  /** Runs while the container does. */
  readonly loop: EventLoop;
  /** Gets one sentence for each thing that goes on without. */
  readonly warn: (text: string) => void;
}

/** The sockets on both sides. What is opened inside keeps that namespace alive until `close`. */
export class NetworkMeans {
  readonly socket: NetlinkSocket;
  readonly target: NetworkTarget;
  #inside: NetlinkSocket | undefined = undefined;

  constructor(socket: NetlinkSocket, target: NetworkTarget) {
    this.socket = socket;
    this.target = target;
  }

  /** Opened when it is first needed: it takes a process. */
  inside(): NetlinkSocket {
    const socket = this.#inside ?? openInside(this.target.initPid);
    this.#inside = socket;
    return socket;
  }

  close(): void {
    this.#inside?.close();
    this.#inside = undefined;
  }
}

/** One network of a container, from nothing to nothing. */
export abstract class NetworkDevice {
  readonly network: PlannedNetwork;
  protected readonly means: NetworkMeans;
  /** The host's device, or 0. */
  hostIndex = 0;
  /** The device's index inside the container, or 0 where nobody asked. */
  insideIndex = 0;
  readonly #proxy: L2Proxy;
  #scriptIsDue = false;

  constructor(network: PlannedNetwork, means: NetworkMeans) {
    this.network = network;
    this.means = means;
    this.#proxy = new L2Proxy(network, means.socket);
  }

  /** Makes the device and runs script.up. The script for taking down is owed only after it. */
  make(): void {
    this.#proxy.add();
    this.begin();
    const { scripts } = this.means.target;
    if (this.network.scriptUp !== "") scripts.run(scriptCall(this.network, "up", scripts));
    this.#scriptIsDue = this.network.scriptDown !== "";
    this.enter();
  }

  /** What has to wait until the container has configured its side. */
  complete(): void {}

  /** What goes on while the container lives. */
  watch(): void {}

  /** Takes all away that was made, and runs script.down, each once; the device even if the script fails. */
  remove(): void {
    const scriptIsDue = this.#scriptIsDue;
    this.#scriptIsDue = false;
    const { scripts } = this.means.target;
    try {
      this.#proxy.remove();
      this.leave();
      if (scriptIsDue) scripts.run(scriptCall(this.network, "down", scripts));
    } finally {
      this.end();
    }
  }

  /** What script.up finds. */
  protected abstract begin(): void;

  /** What the container finds, of what script.up does not. */
  protected enter(): void {}

  /** So that script.down finds what script.up did. */
  protected leave(): void {}

  protected end(): void {}
}

/** The loopback device, which every network namespace has. */
export class LoopbackDevice extends NetworkDevice {
  protected override begin(): void {
    this.insideIndex = 1;
  }
}

/** Whether `link` is what we made, and not another that has its index by now. */
export function isOurs(link: LinkInfo | undefined, kind: string): boolean {
  return link !== undefined && link.kind === kind;
}
