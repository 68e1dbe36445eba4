// The programs of lxc.net.[i].script.up and .down as data: what LXC would call them with. Pure.

import type { PlannedNetwork } from "./plan.ts";

/** A hook to run on the host. */
export interface HookCall {
  /** A shell command, words after the program included. */
  readonly command: string;
  /** Words to append; the shell splits none of them. */
  readonly args: readonly string[];
  /** `NAME=value`, to add to the environment of every hook. */
  readonly env: readonly string[];
}

/** How to run the scripts of networks. */
export interface NetworkScripts {
  readonly containerName: string;
  /** lxc.hook.version */
  readonly hookVersion: number;
  /** Throws when the program fails. */
  readonly run: (call: HookCall) => void;
}

/** As in LXC: version 0 passes all as words, of which an empty link vanishes; version 1 adds the environment. */
export function scriptCall(network: PlannedNetwork, way: "up" | "down", scripts: NetworkScripts): HookCall {
  const command = way === "up" ? network.scriptUp : network.scriptDown;
  const words: string[] = [];
  if (scripts.hookVersion === 0) words.push(scripts.containerName, "net", way);
  words.push(network.type);
  if (network.type === "veth") {
    if (network.link !== "") words.push(network.link);
    words.push(network.hostName);
  }
  const env: string[] = [];
  if (scripts.hookVersion !== 0) {
    env.push(`LXC_HOOK_TYPE=${way}`, "LXC_HOOK_SECTION=net", `LXC_NET_TYPE=${network.type}`);
    if (network.type === "veth") env.push(`LXC_NET_PEER=${network.hostName}`, `LXC_NET_PARENT=${network.link}`);
  }
  return { command, args: words, env };
}
