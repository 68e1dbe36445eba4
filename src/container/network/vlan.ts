// lxc.net.[i].type = vlan: the packets of one VLAN of the host's device.

import type { UpperKind } from "../../kernel/link-kinds.ts";
import { UpperNetwork } from "./upper.ts";

export class VlanNetwork extends UpperNetwork {
  protected override kind(): UpperKind {
    return "vlan";
  }
}
