// What all messages of nftables have in common: heads, numbers in network order, comments. Pure.

import { EEXIST, ENOENT, EOPNOTSUPP, EPERM, EPROTONOSUPPORT } from "./abi/errno.ts";
import { NFNL_SUBSYS_NFTABLES, nfgenmsg } from "./abi/netfilter.ts";
import { bytesOfText, textOf } from "./memory.ts";
import type { ErrnoHint } from "./netlink.ts";

/** NFTNL_UDATA_TABLE_COMMENT and NFTNL_UDATA_RULE_COMMENT of libnftnl. */
const COMMENT = 0;
/** nft(8) takes no longer one. */
const LONGEST_COMMENT = 127;

const NEEDED =
  "CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT, CONFIG_NFT_MASQ, CONFIG_NFT_CT, CONFIG_NFT_FIB_INET";

export function nftHints(): readonly ErrnoHint[] {
  return [
    { errno: EPERM, hint: "it needs root (CAP_NET_ADMIN)" },
    { errno: EEXIST, hint: "see `nft list tables`" },
    { errno: ENOENT, hint: `it needs a kernel with ${NEEDED}` },
    { errno: EOPNOTSUPP, hint: `it needs a kernel with ${NEEDED}` },
    { errno: EPROTONOSUPPORT, hint: `it needs a kernel with ${NEEDED}` },
  ];
}

export function nftType(message: number): number {
  return NFNL_SUBSYS_NFTABLES * 256 + message;
}

export function nftHead(family: number): Uint8Array {
  const head = new Uint8Array(nfgenmsg.size);
  nfgenmsg.family.put(head, family);
  return head;
}

/** Four bytes in network order, of a number with or without a sign. */
export function networkWord(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  for (let at = 0; at < 4; at++) bytes[at] = (value >>> (24 - 8 * at)) & 255;
  return bytes;
}

/** The number in those; `absent` where there are none. */
export function wordIn(bytes: Uint8Array, absent: number): number {
  if (bytes.length < 4) return absent;
  return (bytes[0] ?? 0) * 16777216 + (bytes[1] ?? 0) * 65536 + (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
}

/** As nft(8) shows it; what its quotes cannot hold becomes `_`. */
export function userComment(text: string): Uint8Array {
  let plain = "";
  for (let at = 0; at < text.length && plain.length < LONGEST_COMMENT; at++) {
    const code = text.charCodeAt(at);
    plain += code < 32 || code > 126 || code === 34 || code === 92 ? "_" : text.charAt(at);
  }
  const value = bytesOfText(`${plain}\0`);
  const bytes = new Uint8Array(2 + value.length);
  bytes[0] = COMMENT;
  bytes[1] = value.length;
  bytes.set(value, 2);
  return bytes;
}

/** "" where there is none. */
export function commentIn(userData: Uint8Array): string {
  let at = 0;
  while (at + 2 <= userData.length) {
    const length = userData[at + 1] ?? 0;
    const value = userData.subarray(at + 2, Math.min(at + 2 + length, userData.length));
    if (userData[at] === COMMENT) return textOf(value);
    at += 2 + length;
  }
  return "";
}
