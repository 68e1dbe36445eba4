// From linux/if.h, linux/if_link.h and linux/veth.h.

import { Layout } from "./struct.ts";

/** The final NUL counts. */
export const IFNAMSIZ = 16;
export const IFF_UP = 1;

export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_MASTER = 10;
export const IFLA_LINKINFO = 18;
export const IFLA_NET_NS_PID = 19;
export const IFLA_STATS64 = 23;
export const IFLA_NET_NS_FD = 28;
export const IFLA_EXT_MASK = 29;
export const IFLA_LINK_NETNSID = 37;
export const IFLA_TARGET_NETNSID = 46;

export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const VETH_INFO_PEER = 1;

/** The head of rtnl_link_stats64. */
const stats = new Layout();
export const rtnlLinkStats64 = {
  rxPackets: stats.u64(),
  txPackets: stats.u64(),
  rxBytes: stats.u64(),
  txBytes: stats.u64(),
};
