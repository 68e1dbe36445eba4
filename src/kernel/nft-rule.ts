// One rule of nftables while it is written: what it matches, then what it does (nft(8), linux/netfilter/nf_tables.h). Pure.

import { IFNAMSIZ } from "./abi/if.ts";
import {
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPS_DST_NAT,
  NF_DROP,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NFT_CMP_EQ,
  NFT_CMP_GTE,
  NFT_CMP_LTE,
  NFT_CMP_NEQ,
  NFT_CT_STATUS,
  NFT_FIB_RESULT_ADDRTYPE,
  NFT_META_IIFNAME,
  NFT_META_L4PROTO,
  NFT_META_NFPROTO,
  NFT_META_OIFNAME,
  NFT_MSG_NEWRULE,
  NFT_NAT_DNAT,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_PAYLOAD_TRANSPORT_HEADER,
  NFT_REG_1,
  NFT_REG_2,
  NFT_REG_VERDICT,
  NFT_RETURN,
  NFTA_BITWISE_DREG,
  NFTA_BITWISE_LEN,
  NFTA_BITWISE_MASK,
  NFTA_BITWISE_SREG,
  NFTA_BITWISE_XOR,
  NFTA_CMP_DATA,
  NFTA_CMP_OP,
  NFTA_CMP_SREG,
  NFTA_CT_DREG,
  NFTA_CT_KEY,
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_FIB_DREG,
  NFTA_FIB_F_DADDR,
  NFTA_FIB_FLAGS,
  NFTA_FIB_RESULT,
  NFTA_IMMEDIATE_DATA,
  NFTA_IMMEDIATE_DREG,
  NFTA_LIST_ELEM,
  NFTA_META_DREG,
  NFTA_META_KEY,
  NFTA_NAT_FAMILY,
  NFTA_NAT_REG_ADDR_MIN,
  NFTA_NAT_REG_PROTO_MIN,
  NFTA_NAT_TYPE,
  NFTA_PAYLOAD_BASE,
  NFTA_PAYLOAD_DREG,
  NFTA_PAYLOAD_LEN,
  NFTA_PAYLOAD_OFFSET,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
  NFTA_RULE_USERDATA,
  NFTA_VERDICT_CODE,
  NLM_F_APPEND,
  RTN_LOCAL,
} from "./abi/netfilter.ts";
import { NLM_F_CREATE, NLM_F_REQUEST } from "./abi/netlink.ts";
import { Layout } from "./abi/struct.ts";
import { bytesOfText } from "./memory.ts";
import type { NetlinkRequest } from "./netlink.ts";
import { NetlinkMessage } from "./netlink-messages.ts";
import { networkWord, nftHead, nftHints, nftType, userComment } from "./nft-messages.ts";

/** Where the addresses are in a header of each protocol. */
const SOURCE_AT = { ipv4: 12, ipv6: 8 };
const DESTINATION_AT = { ipv4: 16, ipv6: 24 };
const DESTINATION_PORT_AT = 2;
const LOOPBACK_BYTE = 127;

const word = new Layout().u32();

/** A rule at the end of a chain of an `inet` table: each method adds a condition, the last one says what is done. */
export class NftRule {
  readonly #message: NetlinkMessage;
  readonly #list: number;
  readonly #comment: string;

  constructor(table: string, chain: string, comment: string) {
    this.#comment = comment;
    const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND;
    this.#message = new NetlinkMessage(nftType(NFT_MSG_NEWRULE), flags, nftHead(NFPROTO_INET));
    this.#message.text(NFTA_RULE_TABLE, table);
    this.#message.text(NFTA_RULE_CHAIN, chain);
    this.#list = this.#message.open(NFTA_RULE_EXPRESSIONS);
  }

  /** Of IPv4 or IPv6, by the length of its addresses: 4 or 16. */
  ofFamily(size: number): void {
    this.#meta(NFT_META_NFPROTO);
    this.#compare(NFT_CMP_EQ, byteOf(protocolFamily(size)));
  }

  fromDevice(name: string): void {
    this.#meta(NFT_META_IIFNAME);
    this.#compare(NFT_CMP_EQ, deviceBytes(name));
  }

  toDevice(name: string): void {
    this.#meta(NFT_META_OIFNAME);
    this.#compare(NFT_CMP_EQ, deviceBytes(name));
  }

  /** To this address, of 4 or 16 bytes. */
  to(address: Uint8Array): void {
    this.#payload(NFT_PAYLOAD_NETWORK_HEADER, destinationAt(address.length), address.length);
    this.#compare(NFT_CMP_EQ, address);
  }

  from(address: Uint8Array): void {
    this.#payload(NFT_PAYLOAD_NETWORK_HEADER, address.length === 16 ? SOURCE_AT.ipv6 : SOURCE_AT.ipv4, address.length);
    this.#compare(NFT_CMP_EQ, address);
  }

  notTo(address: Uint8Array): void {
    this.#payload(NFT_PAYLOAD_NETWORK_HEADER, destinationAt(address.length), address.length);
    this.#compare(NFT_CMP_NEQ, address);
  }

  /** To an address of this host. */
  toLocal(): void {
    const opened = this.#begin("fib");
    this.#word(NFTA_FIB_DREG, NFT_REG_1);
    this.#word(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    this.#word(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
    this.#end(opened);
    this.#compare(NFT_CMP_EQ, hostWord(RTN_LOCAL));
  }

  /** To 127.0.0.0/8; only after `ofFamily(4)`. */
  toLoopback(): void {
    this.#payload(NFT_PAYLOAD_NETWORK_HEADER, DESTINATION_AT.ipv4, 1);
    this.#compare(NFT_CMP_EQ, byteOf(LOOPBACK_BYTE));
  }

  /** From 127.0.0.0/8; only after `ofFamily(4)`. */
  fromLoopback(): void {
    this.#payload(NFT_PAYLOAD_NETWORK_HEADER, SOURCE_AT.ipv4, 1);
    this.#compare(NFT_CMP_EQ, byteOf(LOOPBACK_BYTE));
  }

  toPorts(protocol: "tcp" | "udp", first: number, last: number): void {
    this.#meta(NFT_META_L4PROTO);
    this.#compare(NFT_CMP_EQ, byteOf(protocol === "tcp" ? IPPROTO_TCP : IPPROTO_UDP));
    this.#payload(NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT_AT, 2);
    if (first === last) {
      this.#compare(NFT_CMP_EQ, portBytes(first));
      return;
    }
    this.#compare(NFT_CMP_GTE, portBytes(first));
    this.#compare(NFT_CMP_LTE, portBytes(last));
  }

  /** Whose destination was changed before. */
  wasRedirected(): void {
    const status = this.#begin("ct");
    this.#word(NFTA_CT_DREG, NFT_REG_1);
    this.#word(NFTA_CT_KEY, NFT_CT_STATUS);
    this.#end(status);
    const masked = this.#begin("bitwise");
    this.#word(NFTA_BITWISE_SREG, NFT_REG_1);
    this.#word(NFTA_BITWISE_DREG, NFT_REG_1);
    this.#word(NFTA_BITWISE_LEN, 4);
    this.#data(NFTA_BITWISE_MASK, hostWord(IPS_DST_NAT));
    this.#data(NFTA_BITWISE_XOR, hostWord(0));
    this.#end(masked);
    this.#compare(NFT_CMP_NEQ, hostWord(0));
  }

  /** Sends it to `address` instead; to its own port where `port` is 0. */
  redirect(address: Uint8Array, port: number): void {
    this.#immediate(NFT_REG_1, address);
    if (port > 0) this.#immediate(NFT_REG_2, portBytes(port));
    const nat = this.#begin("nat");
    this.#word(NFTA_NAT_TYPE, NFT_NAT_DNAT);
    this.#word(NFTA_NAT_FAMILY, protocolFamily(address.length));
    this.#word(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    if (port > 0) this.#word(NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
    this.#end(nat);
  }

  /** From now on its source is this host, as the device knows it by which it leaves. */
  masquerade(): void {
    this.#end(this.#begin("masq"));
  }

  drop(): void {
    this.#verdict(NF_DROP);
  }

  /** Does nothing, but stands there with its comment. */
  goOn(): void {
    this.#verdict(NFT_RETURN);
  }

  /** Ends it; `doing` completes "cannot …". */
  request(doing: string): NetlinkRequest {
    this.#message.close(this.#list);
    if (this.#comment !== "") this.#message.bytes(NFTA_RULE_USERDATA, userComment(this.#comment));
    return { message: this.#message, doing, hints: nftHints() };
  }

  /** Returns what `#end` wants. */
  #begin(name: string): readonly [number, number] {
    const element = this.#message.open(NFTA_LIST_ELEM);
    this.#message.text(NFTA_EXPR_NAME, name);
    return [element, this.#message.open(NFTA_EXPR_DATA)];
  }

  #end(opened: readonly [number, number]): void {
    this.#message.close(opened[1]);
    this.#message.close(opened[0]);
  }

  #meta(key: number): void {
    const opened = this.#begin("meta");
    this.#word(NFTA_META_DREG, NFT_REG_1);
    this.#word(NFTA_META_KEY, key);
    this.#end(opened);
  }

  #payload(base: number, offset: number, length: number): void {
    const opened = this.#begin("payload");
    this.#word(NFTA_PAYLOAD_DREG, NFT_REG_1);
    this.#word(NFTA_PAYLOAD_BASE, base);
    this.#word(NFTA_PAYLOAD_OFFSET, offset);
    this.#word(NFTA_PAYLOAD_LEN, length);
    this.#end(opened);
  }

  #compare(operation: number, value: Uint8Array): void {
    const opened = this.#begin("cmp");
    this.#word(NFTA_CMP_SREG, NFT_REG_1);
    this.#word(NFTA_CMP_OP, operation);
    this.#data(NFTA_CMP_DATA, value);
    this.#end(opened);
  }

  #immediate(register: number, value: Uint8Array): void {
    const opened = this.#begin("immediate");
    this.#word(NFTA_IMMEDIATE_DREG, register);
    this.#data(NFTA_IMMEDIATE_DATA, value);
    this.#end(opened);
  }

  #verdict(code: number): void {
    const opened = this.#begin("immediate");
    this.#word(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    const data = this.#message.open(NFTA_IMMEDIATE_DATA);
    const verdict = this.#message.open(NFTA_DATA_VERDICT);
    this.#word(NFTA_VERDICT_CODE, code);
    this.#message.close(verdict);
    this.#message.close(data);
    this.#end(opened);
  }

  #word(type: number, value: number): void {
    this.#message.bytes(type, networkWord(value));
  }

  #data(type: number, value: Uint8Array): void {
    const opened = this.#message.open(type);
    this.#message.bytes(NFTA_DATA_VALUE, value);
    this.#message.close(opened);
  }
}

function protocolFamily(size: number): number {
  return size === 16 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

function destinationAt(size: number): number {
  return size === 16 ? DESTINATION_AT.ipv6 : DESTINATION_AT.ipv4;
}

function deviceBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(IFNAMSIZ);
  bytes.set(bytesOfText(name).slice(0, IFNAMSIZ - 1));
  return bytes;
}

function byteOf(value: number): Uint8Array {
  const bytes = new Uint8Array(1);
  bytes[0] = value;
  return bytes;
}

function portBytes(port: number): Uint8Array {
  const bytes = new Uint8Array(2);
  bytes[0] = Math.floor(port / 256);
  bytes[1] = port % 256;
  return bytes;
}

/** Registers are compared in this machine's order. */
function hostWord(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  word.put(bytes, value);
  return bytes;
}
