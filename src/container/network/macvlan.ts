// lxc.net.[i].type = macvlan: a device with a hardware address of its own on one of the host's.

import {
  MACVLAN_MODE_BRIDGE,
  MACVLAN_MODE_PASSTHRU,
  MACVLAN_MODE_PRIVATE,
  MACVLAN_MODE_VEPA,
} from "../../kernel/abi/if.ts";
import type { UpperKind } from "../../kernel/link-kinds.ts";
import type { NetworkRequest } from "./request.ts";
import { UpperNetwork } from "./upper.ts";

/** What the kernel calls lxc.net.[i].macvlan.mode. */
export function macvlanModeOf(request: NetworkRequest): number {
  switch (request.macvlanMode) {
    case "private":
      return MACVLAN_MODE_PRIVATE;
    case "vepa":
      return MACVLAN_MODE_VEPA;
    case "bridge":
      return MACVLAN_MODE_BRIDGE;
    case "passthru":
      return MACVLAN_MODE_PASSTHRU;
  }
}

export class MacvlanNetwork extends UpperNetwork {
  protected override kind(): UpperKind {
    return "macvlan";
  }
}
