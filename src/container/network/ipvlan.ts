// lxc.net.[i].type = ipvlan: a device with addresses of its own on one of the host's, whose hardware address it shares.

import {
  IPVLAN_F_PRIVATE,
  IPVLAN_F_VEPA,
  IPVLAN_MODE_L2,
  IPVLAN_MODE_L3,
  IPVLAN_MODE_L3S,
} from "../../kernel/abi/if.ts";
import type { UpperKind } from "../../kernel/link-kinds.ts";
import { invalid } from "./refusals.ts";
import { type NetworkRequest, networkKey } from "./request.ts";
import { UpperNetwork } from "./upper.ts";

/** What the kernel calls lxc.net.[i].ipvlan.mode. */
export function ipvlanModeOf(request: NetworkRequest): number {
  if (request.ipvlanMode === "l2") return IPVLAN_MODE_L2;
  return request.ipvlanMode === "l3" ? IPVLAN_MODE_L3 : IPVLAN_MODE_L3S;
}

/** The same for lxc.net.[i].ipvlan.isolation. */
export function ipvlanFlagsOf(request: NetworkRequest): number {
  if (request.ipvlanIsolation === "bridge") return 0;
  return request.ipvlanIsolation === "private" ? IPVLAN_F_PRIVATE : IPVLAN_F_VEPA;
}

/** Throws for what the kernel would refuse, or take and do nothing with. */
export function checkIpvlan(request: NetworkRequest): void {
  if (request.hwaddr !== "") {
    throw invalid(
      `${networkKey(request, "hwaddr")}: an ipvlan device has the hardware address of ${request.link}`,
      `leave it out, or set ${networkKey(request, "type")} = macvlan`,
    );
  }
  if (!request.l2proxy || request.ipvlanMode === "l3s") return;
  throw invalid(
    `${networkKey(request, "l2proxy")} does not work in ipvlan mode ${request.ipvlanMode}`,
    `set ${networkKey(request, "ipvlan.mode")} = l3s`,
  );
}

export class IpvlanNetwork extends UpperNetwork {
  protected override kind(): UpperKind {
    return "ipvlan";
  }
}
