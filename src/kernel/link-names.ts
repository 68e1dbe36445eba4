// The alternative names of network devices (Linux 5.5). Pure.

import { EEXIST, EOPNOTSUPP } from "./abi/errno.ts";
import { IFLA_ALT_IFNAME, IFLA_PROP_LIST } from "./abi/if.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import { RTM_DELLINKPROP, RTM_NEWLINKPROP } from "./abi/rtnetlink.ts";
import { linkHead } from "./links.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { NetlinkMessage } from "./netlink-messages.ts";

/** Gives the device at `index` further names, all in one message. */
export function addAltNames(index: number, what: string, names: readonly string[]): NetlinkRequest {
  const message = new NetlinkMessage(RTM_NEWLINKPROP, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, linkHead(index, 0, 0));
  putNames(message, names);
  return {
    message,
    doing: `give the network device ${what} the names ${names.join(", ")}`,
    hints: [
      { errno: EEXIST, hint: "another device has such a name by now; see `ip link`" },
      { errno: EOPNOTSUPP, hint: "it needs Linux 5.5" },
    ],
  };
}

/** Takes further names from the device at `index`. */
export function removeAltNames(index: number, what: string, names: readonly string[]): NetlinkRequest {
  const message = new NetlinkMessage(RTM_DELLINKPROP, NLM_F_REQUEST, linkHead(index, 0, 0));
  putNames(message, names);
  return { message, doing: `take the names ${names.join(", ")} from the network device ${what}`, hints: [] };
}

function putNames(message: NetlinkMessage, names: readonly string[]): void {
  const list = message.open(IFLA_PROP_LIST);
  for (const name of names) message.text(IFLA_ALT_IFNAME, name);
  message.close(list);
}
