// From linux/netlink.h and linux/net_namespace.h.

import { Layout } from "./struct.ts";

export const NETLINK_ROUTE = 0;
export const SOL_NETLINK = 270;
export const NETLINK_EXT_ACK = 11;
export const NETLINK_GET_STRICT_CHK = 12;

export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
/** On an answer: the refused request is not repeated, only its header. */
export const NLM_F_CAPPED = 0x100;
/** On an answer: attributes follow. */
export const NLM_F_ACK_TLVS = 0x200;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSGERR_ATTR_MSG = 1;

export const NLA_F_NESTED = 0x8000;
export const NLA_F_NET_BYTEORDER = 0x4000;

export const NETNSA_NSID = 1;
export const NETNSA_PID = 2;

const header = new Layout();
export const nlmsghdr = {
  length: header.u32(),
  type: header.u16(),
  flags: header.u16(),
  sequence: header.u32(),
  portId: header.u32(),
  size: header.size(),
};

const attribute = new Layout();
export const nlattr = { length: attribute.u16(), type: attribute.u16(), size: attribute.size() };

/** The answer to a request, up to the attributes: -errno or 0, and the header of the request. */
const answer = new Layout();
export const nlmsgerr = { error: answer.i32(), request: answer.bytes(16), size: answer.size() };

const address = new Layout();
export const sockaddrNl = {
  family: address.u16(),
  pad: address.u16(),
  portId: address.u32(),
  groups: address.u32(),
  size: address.size(),
};
