// Answering for another machine's address on a network: proxy entries of ARP and neighbour discovery. Pure.

import { ENODEV, EPERM } from "./abi/errno.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import { NDA_DST, NTF_PROXY, ndmsg, RTM_DELNEIGH, RTM_NEWNEIGH } from "./abi/rtnetlink.ts";
import { familyOf } from "./addresses.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { NetlinkMessage } from "./netlink-messages.ts";

/** Has the device at `index` answer for `address`, in network order; `words` is the address as text. */
export function proxyRequest(index: number, address: Uint8Array, words: string): NetlinkRequest {
  const message = proxyMessage(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, index, address);
  const hints = [
    { errno: EPERM, hint: "it needs root (CAP_NET_ADMIN)" },
    { errno: ENODEV, hint: "the device has just gone" },
  ];
  return { message, doing: `answer for the address ${words}`, hints };
}

/** Takes that back. */
export function proxyRemoval(index: number, address: Uint8Array, words: string): NetlinkRequest {
  const message = proxyMessage(RTM_DELNEIGH, NLM_F_REQUEST, index, address);
  return { message, doing: `no longer answer for the address ${words}`, hints: [] };
}

function proxyMessage(type: number, flags: number, index: number, address: Uint8Array): NetlinkMessage {
  const head = new Uint8Array(ndmsg.size);
  ndmsg.family.put(head, familyOf(address.length));
  ndmsg.index.put(head, index);
  ndmsg.flags.put(head, NTF_PROXY);
  const message = new NetlinkMessage(type, flags, head);
  message.bytes(NDA_DST, address);
  return message;
}
