// The VLANs of Linux bridges and of their ports. Pure.

import { EOPNOTSUPP } from "./abi/errno.ts";
import {
  BRIDGE_FLAGS_MASTER,
  BRIDGE_VLAN_INFO_PVID,
  BRIDGE_VLAN_INFO_UNTAGGED,
  bridgeVlanInfo,
  IFLA_AF_SPEC,
  IFLA_BR_VLAN_DEFAULT_PVID,
  IFLA_BR_VLAN_FILTERING,
  IFLA_BRIDGE_FLAGS,
  IFLA_BRIDGE_VLAN_INFO,
  IFLA_BRPORT_MODE,
  IFLA_PROTINFO,
} from "./abi/if.ts";
import { NLM_F_REQUEST } from "./abi/netlink.ts";
import { ifinfomsg, RTM_DELLINK, RTM_SETLINK } from "./abi/rtnetlink.ts";
import { AF_BRIDGE } from "./abi/socket.ts";
import { type LinkInfo, linkHead } from "./links.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { Attributes, NetlinkMessage } from "./netlink-messages.ts";

/** What a bridge does with VLANs. */
export interface BridgeVlans {
  /** False also on a kernel that cannot. */
  readonly filters: boolean;
  /** The VLAN that a new port is in; 0 for none. */
  readonly defaultId: number;
}

export function bridgeVlansOf(bridge: LinkInfo): BridgeVlans {
  const data = new Attributes(bridge.data, 0);
  return {
    filters: data.u8(IFLA_BR_VLAN_FILTERING, 0) !== 0,
    defaultId: data.u16(IFLA_BR_VLAN_DEFAULT_PVID, 0),
  };
}

/** Adds the port at `index` to a VLAN; frames without a tag belong to the one that is its own. */
export function portVlanRequest(index: number, port: string, id: number, own: boolean): NetlinkRequest {
  const flags = own ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0;
  return vlanRequest(RTM_SETLINK, index, id, flags, `add the bridge port ${port} to VLAN ${id}`);
}

/** Takes the port at `index` out of a VLAN. */
export function portVlanRemoval(index: number, port: string, id: number): NetlinkRequest {
  return vlanRequest(RTM_DELLINK, index, id, 0, `take the bridge port ${port} out of VLAN ${id}`);
}

/** Lets the port at `index` send back what came from it. */
export function portHairpinRequest(index: number, port: string): NetlinkRequest {
  const head = linkHead(index, 0, 0);
  ifinfomsg.family.put(head, AF_BRIDGE);
  const message = new NetlinkMessage(RTM_SETLINK, NLM_F_REQUEST, head);
  const info = message.open(IFLA_PROTINFO);
  message.bytes(IFLA_BRPORT_MODE, new Uint8Array([1]));
  message.close(info);
  return { message, doing: `let the bridge port ${port} send back what came from it`, hints: [] };
}

function vlanRequest(type: number, index: number, id: number, flags: number, doing: string): NetlinkRequest {
  const head = linkHead(index, 0, 0);
  ifinfomsg.family.put(head, AF_BRIDGE);
  const message = new NetlinkMessage(type, NLM_F_REQUEST, head);
  const vlan = new Uint8Array(bridgeVlanInfo.size);
  bridgeVlanInfo.flags.put(vlan, flags);
  bridgeVlanInfo.vid.put(vlan, id);
  const spec = message.open(IFLA_AF_SPEC);
  message.u16(IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_MASTER);
  message.bytes(IFLA_BRIDGE_VLAN_INFO, vlan);
  message.close(spec);
  return {
    message,
    doing,
    hints: [{ errno: EOPNOTSUPP, hint: "it needs a kernel with CONFIG_BRIDGE_VLAN_FILTERING" }],
  };
}
