// What networks of an ordinary user cannot be, and why lxc-user-nic gave none. Pure.

import { LxcError } from "../../base/errors.ts";
import type { UsernetRule } from "../config/usernet.ts";
import { invalid } from "./refusals.ts";
import { type NetworkRequest, networkKey, VLAN_UNSAID } from "./request.ts";
import { powerlessHelper } from "./setuid-helpers.ts";

export const USERNET = "/etc/lxc/lxc-usernet";
const USUAL_COUNT = 10;

/** Throws for the first key that only root can have, before anything is made. */
export function refuseForUser(requests: readonly NetworkRequest[]): void {
  for (const request of requests) {
    if (request.type === "none" || request.type === "empty") continue;
    if (request.type !== "veth") {
      throw rootOnly(request, "type", request.type, `set ${networkKey(request, "type")} to veth, empty or none`);
    }
    const { veth } = request;
    const leaveOut = (rest: string): string => `leave ${networkKey(request, rest)} out`;
    if (veth.mode !== "bridge") throw rootOnly(request, "veth.mode", veth.mode, leaveOut("veth.mode"));
    if (request.l2proxy) throw rootOnly(request, "l2proxy", "1", leaveOut("l2proxy"));
    if (veth.vlan !== VLAN_UNSAID)
      throw rootOnly(request, "veth.vlan.id", vlanText(veth.vlan), leaveOut("veth.vlan.id"));
    for (const id of veth.taggedVlans) {
      throw rootOnly(request, "veth.vlan.tagged.id", String(id), leaveOut("veth.vlan.tagged.id"));
    }
    for (const { addressSize } of veth.routes) {
      const rest = addressSize === 4 ? "veth.ipv4.route" : "veth.ipv6.route";
      throw rootOnly(request, rest, "…", leaveOut(rest));
    }
    if (veth.rxQueues > 0)
      throw rootOnly(request, "veth.n_rxqueues", String(veth.rxQueues), leaveOut("veth.n_rxqueues"));
    if (veth.txQueues > 0)
      throw rootOnly(request, "veth.n_txqueues", String(veth.txQueues), leaveOut("veth.n_txqueues"));
  }
}

/** As in LXC, a container of root may be given to a user. */
export function unnamedPair(request: NetworkRequest): string {
  return `${networkKey(request, "veth.pair")} has no effect: lxc-user-nic names the devices of ordinary users`;
}

function vlanText(vlan: number): string {
  return vlan < 0 ? "none" : String(vlan);
}

function rootOnly(request: NetworkRequest, rest: string, value: string, hint: string): LxcError {
  const reason = `${networkKey(request, rest)} = ${value} is for containers of root: lxc-user-nic gives users devices on a bridge`;
  return new LxcError("unsupported", invalid("", "").doing, reason, { hint });
}

/** The line that allows a user devices. */
export function usernetLine(user: string, bridge: string): string {
  return `${user} veth ${bridge} ${USUAL_COUNT}`;
}

/** A refusal of lxc-user-nic, and what there is to know of it. */
export interface NicRefusal {
  readonly user: string;
  readonly bridge: string;
  /** Those for this user and bridge. */
  readonly rules: readonly UsernetRule[];
  /** Whether /etc/lxc/lxc-usernet could be read. */
  readonly isReadable: boolean;
  readonly helper: string;
  readonly said: string;
}

/** Says what the program does not: who calls it may read the same file. */
export function whyNoNic(refusal: NicRefusal): LxcError {
  const { user, bridge, rules, said, helper } = refusal;
  const doing = `get a network device on ${bridge} for ${user}`;
  if (refusal.isReadable && rules.length === 0) {
    return new LxcError("not-permitted", doing, `${USERNET} allows ${user} none there`, {
      hint: `have root add this line to ${USERNET}: ${usernetLine(user, bridge)}`,
    });
  }
  if (refusal.isReadable && said.includes("Quota reached")) {
    const most = rules.reduce((sum, rule) => sum + rule.count, 0);
    return new LxcError("not-permitted", doing, `Quota reached: ${USERNET} allows ${user} ${most} there`, {
      hint: `stop another container of ${user}, or have root raise the number: ${user} veth ${bridge} ${most + USUAL_COUNT}`,
    });
  }
  if (said.includes("setuid")) return powerlessHelper(doing, helper);
  return new LxcError("not-permitted", doing, `${helper} said: ${said === "" ? "nothing" : said}`, {
    hint: `see whether ${bridge} is a bridge (ip -details link show ${bridge}), and whether ${USERNET} has a line ${usernetLine(user, bridge)}`,
  });
}
