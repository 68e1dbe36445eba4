// Makes the host's side of a container's networks, and takes it away. Runs in the monitor.

import { LxcError } from "../../base/errors.ts";
import type { Undo } from "../../base/undo.ts";
import { EEXIST, EINVAL, ERANGE, ESRCH } from "../../kernel/abi/errno.ts";
import { deleteLink, disableIpv6, linkIn, linkRequest, vethRequest } from "../../kernel/links.ts";
import { type NetlinkSocket, refusedRequest } from "../../kernel/netlink.ts";
import type { NetworkPlan, PlannedNetwork } from "./plan.ts";
import { type NetworkScripts, scriptCall } from "./scripts.ts";

/** A network that was made, until it is removed. */
export class CreatedNetwork {
  readonly network: PlannedNetwork;
  /** The host's device, or 0. */
  readonly hostIndex: number;
  /** The device's index inside the container. */
  readonly insideIndex: number;
  #scriptIsDue = false;
  #deviceIsDue: boolean;

  constructor(network: PlannedNetwork, hostIndex: number, insideIndex: number) {
    this.network = network;
    this.hostIndex = hostIndex;
    this.insideIndex = insideIndex;
    this.#deviceIsDue = hostIndex > 0;
  }

  /** Runs script.up. The script for taking down is owed only after it. */
  runUp(scripts: NetworkScripts): void {
    if (this.network.scriptUp !== "") scripts.run(scriptCall(this.network, "up", scripts));
    this.#scriptIsDue = this.network.scriptDown !== "";
  }

  /** Runs script.down, then deletes the device, each once; the device even if the script fails. */
  remove(socket: NetlinkSocket, scripts: NetworkScripts): void {
    const scriptIsDue = this.#scriptIsDue;
    const deviceIsDue = this.#deviceIsDue;
    this.#scriptIsDue = false;
    this.#deviceIsDue = false;
    try {
      if (scriptIsDue) scripts.run(scriptCall(this.network, "down", scripts));
    } finally {
      // It may be gone already: a pair ends with the container's network namespace.
      if (deviceIsDue) deleteLink(socket, this.hostIndex, this.network.hostName);
    }
  }
}

/** Where the devices go, and how scripts are run. */
export interface NetworkTarget {
  /** The container's first process: its network namespace is there by now. */
  readonly initPid: number;
  readonly scripts: NetworkScripts;
}

/** Makes every network of `plan`; `undo` gets one step for each. */
export function createNetworks(
  plan: NetworkPlan,
  socket: NetlinkSocket,
  target: NetworkTarget,
  undo: Undo,
): CreatedNetwork[] {
  const created: CreatedNetwork[] = [];
  for (const network of plan.networks) {
    const one =
      network.type === "veth" ? createVeth(network, socket, target.initPid) : new CreatedNetwork(network, 0, 1);
    undo.add(`remove network ${network.index}`, () => one.remove(socket, target.scripts));
    if (network.linkIndex > 0) disableIpv6(network.hostName);
    one.runUp(target.scripts);
    created.push(one);
  }
  return created;
}

/** One message makes all of the pair, and one in the same breath asks for its indices. */
function createVeth(network: PlannedNetwork, socket: NetlinkSocket, initPid: number): CreatedNetwork {
  const request = vethRequest({
    name: network.hostName,
    hwaddr: network.hostHwaddr,
    mtu: network.mtu,
    master: network.linkIndex,
    peerName: network.name,
    peerHwaddr: network.hwaddr,
    peerPid: initPid,
  });
  const outcome = socket.tryRun([request, linkRequest(network.hostName)]);
  for (const refusal of outcome.refusals) {
    if (refusal.request !== 0) continue;
    const because = refusedRequest(request, refusal);
    throw refusedCreation(network, request.doing, because, outcome.answers.length > 0);
  }
  for (const answer of outcome.answers) {
    const link = linkIn(answer.reply);
    if (link !== undefined) return new CreatedNetwork(network, link.index, link.peer);
  }
  throw new LxcError("wrong-state", request.doing, "it vanished at once", {
    hint: "another program removes network devices, or the container's first process has died",
  });
}

/** Names the key to change, where the kernel only says that a name is taken or a value is wrong. */
function refusedCreation(network: PlannedNetwork, doing: string, because: LxcError, isThere: boolean): LxcError {
  const key = `lxc.net.${network.index}`;
  const errno = because.errno;
  if (errno === EEXIST) {
    const name = isThere ? network.hostName : network.name;
    const hint = isThere
      ? `set another ${key}.veth.pair, or remove it: ip link delete ${name}`
      : `set another ${key}.name`;
    const reason = `a device named ${name} is there already${isThere ? "" : " in the container"}`;
    return new LxcError("wrong-state", doing, reason, { errno, hint, because });
  }
  if (errno === ESRCH) return new LxcError("wrong-state", doing, "the container's first process has died", { because });
  if (errno === EINVAL || errno === ERANGE) {
    const hint = `check ${key}.mtu = ${network.mtu}, ${key}.hwaddr and ${key}.name`;
    return new LxcError("config-invalid", doing, "the kernel does not take these values", { errno, hint, because });
  }
  return because;
}
