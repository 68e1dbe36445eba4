// The programs of lxc.net.[i].script.up and .down as data: what LXC would call them with. Pure.

import type { HookCall } from "../hooks.ts";
import type { PlannedNetwork } from "./planned.ts";

/** How to run the scripts of networks. */
export interface NetworkScripts {
  readonly containerName: string;
  /** lxc.hook.version */
  readonly hookVersion: number;
  /** What every hook gets, `NAME=value`. */
  readonly environment: readonly string[];
  /** Throws when the program fails. */
  readonly run: (call: HookCall) => void;
}

/** As in LXC: version 0 passes all as words, of which an empty link vanishes; version 1 adds the environment. */
export function scriptCall(network: PlannedNetwork, way: "up" | "down", scripts: NetworkScripts): HookCall {
  const command = way === "up" ? network.scriptUp : network.scriptDown;
  const words: string[] = [];
  if (scripts.hookVersion === 0) words.push(scripts.containerName, "net", way);
  words.push(network.type);
  if (network.type !== "empty" && network.link !== "") words.push(network.link);
  if (network.type === "veth") words.push(network.hostName);
  const environment = [...scripts.environment];
  if (scripts.hookVersion !== 0) {
    environment.push(`LXC_HOOK_TYPE=${way}`, "LXC_HOOK_SECTION=net", `LXC_NET_TYPE=${network.type}`);
    if (network.type === "veth") environment.push(`LXC_NET_PEER=${network.hostName}`);
    if (network.type !== "empty") environment.push(`LXC_NET_PARENT=${network.link}`);
  }
  return { key: `lxc.net.${network.index}.script.${way}`, command, args: words, environment };
}
