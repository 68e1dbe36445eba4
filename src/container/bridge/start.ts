// lxc-net start and stop: one at a time, each able to go on where another was killed.

import { asLxcError, type LxcError } from "../../base/errors.ts";
import { networkText } from "../../base/ip-network.ts";
import { AT_FDCWD, AT_REMOVEDIR } from "../../kernel/abi/fs.ts";
import { SYS } from "../../kernel/abi/syscalls.ts";
import { tryPath } from "../../kernel/call.ts";
import { closeFd, exists, makeDirectories, removeFile, writeText } from "../../kernel/files.ts";
import { findLink } from "../../kernel/links.ts";
import { NetlinkSocket } from "../../kernel/netlink.ts";
import { Interrupts } from "../interrupts.ts";
import { lockIn } from "../lock.ts";
import { openRunFolder } from "../run-folder.ts";
import { readBridgeFacts } from "./facts.ts";
import { hwaddrText } from "./leases.ts";
import {
  BRIDGES,
  bridgeFolder,
  hostsFolder,
  knownBridges,
  type Made,
  NETWORK_UP,
  noteAll,
  readMade,
  rewriteMade,
  wordsOfRule,
} from "./made.ts";
import { planBridge } from "./plan.ts";
import { findProgram, runProgram } from "./programs.ts";
import { iptablesRules, NFT_TABLES } from "./ruleset.ts";
import { runStep } from "./run-step.ts";
import type { BridgeSettings } from "./settings.ts";
import { takeBack } from "./take-back.ts";

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
      tryPath(SYS.unlinkat, folder, LOCK, 0, 0);
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
    // What a start that was killed has left; a bridge that stays for containers is still ours.
    const { failures } = takeAllBack(socket);
    if (failures[0] !== undefined) throw failures[0];
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
    takeAllBack(socket);
    throw error;
  } finally {
    interrupts.release();
    socket.close();
  }
}

interface AllTaken {
  readonly failures: readonly LxcError[];
  /** What is to be told of bridges that stay. */
  readonly notes: readonly string[];
  readonly count: number;
}

/** Whatever is noted, of whichever bridge: the settings may have changed since. */
function takeAllBack(socket: NetlinkSocket): AllTaken {
  let failures: LxcError[] = [];
  const notes: string[] = [];
  let count = 0;
  for (const bridge of knownBridges()) {
    const made = readMade(bridge);
    const taken = takeBack(socket, made);
    rewriteMade(bridge, taken.left);
    // Only where nothing is in it: what monitors of running containers have put there is theirs.
    for (const folder of [hostsFolder(bridge), bridgeFolder(bridge)]) removeEmpty(folder);
    failures = failures.concat(taken.failures);
    count += made.length - taken.left.length;
    const ports = taken.ports.join(", ");
    if (ports !== "") notes.push(`the bridge ${bridge} stays, for ${ports}; it goes with the next stop without one`);
  }
  removeEmpty(BRIDGES);
  return { failures, notes, count };
}

function removeEmpty(folder: string): void {
  tryPath(SYS.unlinkat, AT_FDCWD, folder, AT_REMOVEDIR, 0);
}

function stop(settings: BridgeSettings): BridgeOutcome {
  const socket = new NetlinkSocket();
  try {
    // That of LXC's script becomes ours, so that it is taken back in the same way.
    const isOurs = knownBridges().some((bridge): boolean => readMade(bridge).length > 0);
    if (isNetworkUp() && !isOurs) noteScript(socket, settings);
    const wasUp = removeFile(NETWORK_UP);
    const taken = takeAllBack(socket);
    const first = taken.failures[0];
    if (first !== undefined) throw first;
    return { isChanged: wasUp || taken.count > 0, notes: taken.notes };
  } finally {
    socket.close();
  }
}

function noteScript(socket: NetlinkSocket, settings: BridgeSettings): void {
  makeDirectories(bridgeFolder(settings.bridge), 0o755);
  noteAll(settings.bridge, madeByScript(socket, settings));
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
