// From linux/rtnetlink.h, linux/if_addr.h and linux/neighbour.h.

import { Layout } from "./struct.ts";

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_NEWNSID = 88;
export const RTM_GETNSID = 90;
export const RTM_NEWLINKPROP = 108;
export const RTM_DELLINKPROP = 109;

export const RTMGRP_IPV4_IFADDR = 0x10;
export const RTMGRP_IPV6_IFADDR = 0x100;

export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
export const IFA_BROADCAST = 4;
export const IFA_TARGET_NETNSID = 10;

export const RTA_DST = 1;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;

export const NDA_DST = 1;
export const NTF_PROXY = 8;

export const RT_TABLE_MAIN = 254;
export const RTPROT_BOOT = 3;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_LINK = 253;
export const RTN_UNICAST = 1;
export const RTEXT_FILTER_SKIP_STATS = 8;

const link = new Layout();
export const ifinfomsg = {
  family: link.u8(),
  pad: link.u8(),
  type: link.u16(),
  index: link.i32(),
  flags: link.u32(),
  change: link.u32(),
  size: link.size(),
};

const address = new Layout();
export const ifaddrmsg = {
  family: address.u8(),
  prefixlen: address.u8(),
  flags: address.u8(),
  scope: address.u8(),
  index: address.u32(),
  size: address.size(),
};

const route = new Layout();
export const rtmsg = {
  family: route.u8(),
  dstLen: route.u8(),
  srcLen: route.u8(),
  tos: route.u8(),
  table: route.u8(),
  protocol: route.u8(),
  scope: route.u8(),
  type: route.u8(),
  flags: route.u32(),
  size: route.size(),
};

const neighbour = new Layout();
export const ndmsg = {
  family: neighbour.u8(),
  index: neighbour.i32(),
  state: neighbour.u16(),
  flags: neighbour.u8(),
  type: neighbour.u8(),
  size: neighbour.size(),
};

const general = new Layout();
export const rtgenmsg = { family: general.u8(), size: general.size() };
