// lxc-net start and stop: one at a time, each able to go on where another was killed.

import { asLxcError } from "../../base/errors.ts";
import { networkText } from "../../base/ip-network.ts";
import { parentOf } from "../../base/path.ts";
import { AT_FDCWD, AT_REMOVEDIR } from "../../kernel/abi/fs.ts";
import { tryPath } from "../../kernel/call.ts";
import { closeFd, exists, makeDirectories, removeFile, writeText } from "../../kernel/files.ts";
import { findLink } from "../../kernel/links.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { Interrupts } from "../interrupts.ts";
import { lockIn } from "../lock.ts";
import { openRunFolder } from "../run-folder.ts";
import { readBridgeFacts } from "./facts.ts";
import { hwaddrText } from "./leases.ts";
import { bridgeFolder, hostsFolder, type Made, NETWORK_UP, readMade, rewriteMade, wordsOfRule } from "./made.ts";
import { planBridge } from "./plan.ts";
import { findProgram, runProgram } from "./programs.ts";
import { iptablesRules, NFT_TABLES } from "./ruleset.ts";
import { runStep } from "./run-step.ts";
import type { BridgeSettings } from "./settings.ts";
import { type TakenBack, takeBack } from "./take-back.ts";

const RUN = "/run";
const LOCK = ".lxc-net.lock";

/** What is worth telling of what was done. */
export interface BridgeOutcome {
  /** False when there was nothing to do: it ran already, or it did not. */
  readonly isChanged: boolean;
  readonly notes: readonly string[];
}

const UNCHANGED: BridgeOutcome = { isChanged: false, notes: [] };

/** Whether a start has come to its end, and no stop since, ours or that of LXC's script. */
export function isNetworkUp(): boolean {
  return exists(NETWORK_UP);
}

/** Sets the bridge up. Throws when that fails, with all of it taken back. */
export function startBridge(settings: BridgeSettings): BridgeOutcome {
  return alone(() => (isNetworkUp() ? UNCHANGED : start(settings)));
}

/** Takes back what was made, by us or by LXC's script. */
export function stopBridge(settings: BridgeSettings): BridgeOutcome {
  return alone(() => stop(settings));
}

/** Both, without a moment for anybody else in between; it need not run. */
export function restartBridge(settings: BridgeSettings): BridgeOutcome {
  return alone(() => {
    stop(settings);
    return start(settings);
  });
}

/** There is one number of dnsmasq and one mark of a start for all bridges, as in LXC: so there is one lock. */
function alone(act: () => BridgeOutcome): BridgeOutcome {
  const isNew = !exists("/run/lxc");
  const folder = openRunFolder(RUN, "lxc");
  // Where SELinux rules, dnsmasq could not write its number there otherwise.
  const restorecon = isNew ? findProgram("restorecon") : "";
  if (restorecon !== "") runProgram(restorecon, ["/run/lxc"]);
  try {
    const lock = lockIn(folder, LOCK, `/run/lxc/${LOCK}`);
    try {
      return act();
    } finally {
      tryPath("unlinkat", folder, LOCK, 0, 0);
      closeFd(lock);
    }
  } finally {
    closeFd(folder);
  }
}

function start(settings: BridgeSettings): BridgeOutcome {
  const { bridge } = settings;
  const socket = new NetlinkSocket();
  const interrupts = new Interrupts();
  try {
    clearAway(socket, bridge, readMade(bridge));
    const plan = planBridge(settings, readBridgeFacts(socket, settings));
    makeDirectories(hostsFolder(bridge), 0o755);
    const notes: string[] = [];
    for (const step of plan.steps) {
      const note = runStep(socket, bridge, step);
      if (note !== "") notes.push(note);
      interrupts.check(`set up ${bridge}`);
    }
    writeText(NETWORK_UP, "", 0o644);
    return { isChanged: true, notes: notes.concat(plan.advice) };
  } catch (caught) {
    const error = asLxcError(caught as Error);
    takeAllBack(socket, bridge, readMade(bridge));
    throw error;
  } finally {
    interrupts.release();
    socket.close();
  }
}

/** What a start that was killed has left; a bridge that stays for containers is still ours. */
function clearAway(socket: NetlinkSocket, bridge: string, made: readonly Made[]): void {
  if (made.length === 0) return;
  const { failures } = takeAllBack(socket, bridge, made);
  if (failures[0] !== undefined) throw failures[0];
}

function takeAllBack(socket: NetlinkSocket, bridge: string, made: readonly Made[]): TakenBack {
  const taken = takeBack(socket, made);
  rewriteMade(bridge, taken.left);
  // Only where nothing is in them: what monitors of running containers have put there is theirs.
  for (const folder of [hostsFolder(bridge), bridgeFolder(bridge), parentOf(bridgeFolder(bridge))]) {
    tryPath("unlinkat", AT_FDCWD, folder, AT_REMOVEDIR, 0);
  }
  return taken;
}

function stop(settings: BridgeSettings): BridgeOutcome {
  const { bridge } = settings;
  const socket = new NetlinkSocket();
  try {
    const noted = readMade(bridge);
    const made = noted.length > 0 || !isNetworkUp() ? noted : madeByScript(socket, settings);
    const wasUp = removeFile(NETWORK_UP);
    const taken = takeAllBack(socket, bridge, made);
    const first = taken.failures[0];
    if (first !== undefined) throw first;
    const { ports } = taken;
    const isLeft = taken.left.length > 0;
    const note = `the bridge ${bridge} stays, for ${ports.join(", ")}; it goes with the next stop without one`;
    return { isChanged: wasUp || noted.length > taken.left.length, notes: isLeft ? [note] : [] };
  } finally {
    socket.close();
  }
}

/** What LXC's own lxc-net has made of the same settings. */
function madeByScript(socket: NetlinkSocket, settings: BridgeSettings): Made[] {
  const { bridge, ipv6 } = settings;
  const made: Made[] = [];
  const link = findLink(socket, bridge);
  if (link !== undefined) {
    made.push({ kind: "bridge", words: [bridge, hwaddrText(link.hwaddr)] });
    made.push({ kind: "address", words: [bridge, networkText(settings.ipv4)] });
    if (ipv6 !== undefined) made.push({ kind: "address", words: [bridge, networkText(ipv6.address)] });
    made.push({ kind: "up", words: [bridge] });
  }
  const nft = settings.mayUseNft ? findProgram("nft") : "";
  if (nft !== "") {
    for (const table of NFT_TABLES) made.push({ kind: "table", words: table.split(" ") });
  } else {
    for (const rule of iptablesRules(settings, "FORWARD")) made.push({ kind: "rule", words: wordsOfRule(rule) });
  }
  made.push({ kind: "dnsmasq", words: [bridge] });
  return made;
}
