// l2proxy: the host's device answers for the addresses of the container, whose packets the host passes on. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import { LOOPBACK_INDEX, type Route, routeRemoval, routeRequest } from "../../kernel/addresses.ts";
import { tryReadText } from "../../kernel/files.ts";
import { proxyRemoval, proxyRequest } from "../../kernel/neighbours.ts";
import type { NetlinkRequest, NetlinkSocket } from "../../kernel/netlink.ts";
import { addressText } from "./gateways.ts";
import type { PlannedNetwork } from "./planned.ts";

/** The entries for one network; none at all without lxc.net.[i].l2proxy. */
export class L2Proxy {
  readonly #network: PlannedNetwork;
  readonly #socket: NetlinkSocket;
  #isDue = false;

  constructor(network: PlannedNetwork, socket: NetlinkSocket) {
    this.#network = network;
    this.#socket = socket;
  }

  /** Throws when the host does not pass packets on: nobody would be answered. */
  add(): void {
    const network = this.#network;
    if (!network.l2proxy) return;
    checkForwarding(network);
    const requests: NetlinkRequest[] = [];
    for (const { bytes } of network.addresses) {
      const text = addressText(bytes);
      requests.push(proxyRequest(network.linkIndex, bytes, `${text} on ${network.link} (${keyOf(network)})`));
      // Packets for an ipvlan device come from below; the route is only for the kernel to find that it should answer.
      if (network.type === "ipvlan") requests.push(routeRequest(LOOPBACK_INDEX, routeTo(bytes), `route ${text} to lo`));
    }
    this.#isDue = true;
    this.#socket.run(requests);
  }

  /** What is gone already, with its device perhaps, is no failure. */
  remove(): void {
    if (!this.#isDue) return;
    this.#isDue = false;
    const network = this.#network;
    const requests: NetlinkRequest[] = [];
    for (const { bytes } of network.addresses) {
      const text = addressText(bytes);
      requests.push(proxyRemoval(network.linkIndex, bytes, text));
      if (network.type === "ipvlan") requests.push(routeRemoval(LOOPBACK_INDEX, routeTo(bytes), text));
    }
    this.#socket.tryRun(requests);
  }
}

/** The way to a single address, straight through the device. */
export function routeTo(bytes: Uint8Array): Route {
  return { destination: bytes, prefix: bytes.length * 8, gateway: new Uint8Array(0), addressSize: bytes.length };
}

/** The settings that LXC asks for as well. */
function checkForwarding(network: PlannedNetwork): void {
  const settings: string[] = [];
  if (network.addresses.some((address) => address.bytes.length === 4)) {
    settings.push(`ipv4/conf/${network.link}/forwarding`);
  }
  if (network.addresses.some((address) => address.bytes.length === 16)) {
    settings.push(`ipv6/conf/${network.link}/proxy_ndp`, `ipv6/conf/${network.link}/forwarding`);
  }
  for (const setting of settings) requireSetting(setting, keyOf(network));
}

/** Throws unless the host's `/proc/sys/net/SETTING` is on; `key` needs it. */
export function requireSetting(setting: string, key: string): void {
  const path = `/proc/sys/net/${setting}`;
  const value = (tryReadText(path) ?? "").trim();
  if (value !== "" && value !== "0") return;
  throw new LxcError("wrong-state", `use ${key}`, `${path} is ${value === "" ? "not there" : "off"}`, {
    hint: value === "" ? "this host has no such protocol or device" : `switch it on: echo 1 > ${path}`,
  });
}

function keyOf(network: PlannedNetwork): string {
  return `lxc.net.${network.index}.l2proxy`;
}
