// Devices that share one of the host's: macvlan, ipvlan, vlan. Pure.

import { EADDRINUSE, EBUSY, EEXIST, EINVAL } from "./abi/errno.ts";
import {
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_IPVLAN_FLAGS,
  IFLA_IPVLAN_MODE,
  IFLA_LINK,
  IFLA_LINKINFO,
  IFLA_MACVLAN_MODE,
  IFLA_NET_NS_PID,
  IFLA_VLAN_ID,
} from "./abi/if.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import { RTM_NEWLINK } from "./abi/rtnetlink.ts";
import { creationHints, linkHead, putDevice } from "./links.ts";
import type { ErrnoHint, NetlinkRequest } from "./netlink.ts";
import { NetlinkMessage } from "./netlink-messages.ts";

export type UpperKind = "macvlan" | "ipvlan" | "vlan";

/** A device on top of another one, born in another network namespace. */
export interface UpperDevice {
  readonly kind: UpperKind;
  readonly name: string;
  /** 6 bytes, or none for the kernel's choice. */
  readonly hwaddr: Uint8Array;
  /** 0 for that of the device below. */
  readonly mtu: number;
  /** The index of the device below, in our network namespace. */
  readonly below: number;
  /** A process in the network namespace where it is born. */
  readonly pid: number;
  /** MACVLAN_MODE_…, IPVLAN_MODE_…, or the number of the VLAN. */
  readonly mode: number;
  /** IPVLAN_F_… */
  readonly flags: number;
}

/** Makes `device` there at once: nobody here ever sees it. */
export function upperRequest(device: UpperDevice, belowName: string): NetlinkRequest {
  const message = new NetlinkMessage(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, linkHead(0, 0, 0));
  putDevice(message, device.name, device.hwaddr, device.mtu);
  message.u32(IFLA_LINK, device.below);
  message.u32(IFLA_NET_NS_PID, device.pid);
  const info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, device.kind);
  const data = message.open(IFLA_INFO_DATA);
  putMode(message, device);
  message.close(data);
  message.close(info);
  const hints: readonly ErrnoHint[] = [
    ...creationHints,
    { errno: EEXIST, hint: `see \`ip -details link\`: there is one like it on ${belowName}` },
    { errno: EBUSY, hint: `${belowName} is in use by a bridge, a bond or another kind of device; see \`ip link\`` },
    { errno: EADDRINUSE, hint: `the hardware address is in use on ${belowName}: leave it out for a random one` },
    { errno: EINVAL, hint: `${belowName} does not take such a device now; see \`ip -details link show ${belowName}\`` },
  ];
  return { message, doing: `make the ${device.kind} device ${device.name} on ${belowName}`, hints };
}

function putMode(message: NetlinkMessage, device: UpperDevice): void {
  if (device.kind === "macvlan") message.u32(IFLA_MACVLAN_MODE, device.mode);
  else if (device.kind === "vlan") message.u16(IFLA_VLAN_ID, device.mode);
  else {
    message.u16(IFLA_IPVLAN_MODE, device.mode);
    message.u16(IFLA_IPVLAN_FLAGS, device.flags);
  }
}
