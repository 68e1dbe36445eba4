// Tables of nftables by netlink, without the program nft: what is there, and changes that are made as a whole (nft(8)).

import { LxcError } from "../base/errors.ts";
import { ENOENT, EOPNOTSUPP, EPROTONOSUPPORT } from "./abi/errno.ts";
import {
  NETLINK_NETFILTER,
  NF_DROP,
  NF_INET_FORWARD,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NFPROTO_UNSPEC,
  NFT_MSG_DELRULE,
  NFT_MSG_DELTABLE,
  NFT_MSG_GETCHAIN,
  NFT_MSG_GETRULE,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWTABLE,
  NFT_TABLE_F_OWNER,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_POLICY,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
  NFTA_RULE_CHAIN,
  NFTA_RULE_TABLE,
  NFTA_RULE_USERDATA,
  NFTA_TABLE_FLAGS,
  NFTA_TABLE_NAME,
  NFTA_TABLE_USERDATA,
  nfgenmsg,
} from "./abi/netfilter.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from "./abi/netlink.ts";
import { type NetlinkRequest, NetlinkSocket, refusedRequest } from "./netlink.ts";
import { Attributes, NetlinkMessage, type NetlinkReply } from "./netlink-messages.ts";
import { commentIn, networkWord, nftHead, nftHints, nftType, userComment, wordIn } from "./nft-messages.ts";

/** Where a chain sits. */
export interface NftHook {
  /** NF_INET_… */
  readonly hook: number;
  readonly priority: number;
  readonly type: "nat" | "filter";
}

export interface NftTable {
  readonly name: string;
  readonly comment: string;
}

/** A rule as far as anybody looks at it. */
export interface ListedRule {
  /** NFPROTO_… */
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  readonly comment: string;
  /** All that the kernel says of it. */
  readonly bytes: Uint8Array;
}

export interface ListedChain {
  /** NFPROTO_… */
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  /** Whether it decides about what is passed on, and drops what no rule of it accepts. */
  readonly dropsForwarded: boolean;
}

export function openNftables(): NetlinkSocket {
  return new NetlinkSocket(NETLINK_NETFILTER);
}

/** A new table for both protocols. An owned one goes when the socket that made it closes, and nobody else changes it (Linux 5.12). */
export function tableRequest(name: string, comment: string, isOwned: boolean): NetlinkRequest {
  const flags = NLM_F_REQUEST | NLM_F_CREATE | (isOwned ? NLM_F_EXCL : 0);
  const message = new NetlinkMessage(nftType(NFT_MSG_NEWTABLE), flags, nftHead(NFPROTO_INET));
  message.text(NFTA_TABLE_NAME, name);
  message.bytes(NFTA_TABLE_FLAGS, networkWord(isOwned ? NFT_TABLE_F_OWNER : 0));
  message.bytes(NFTA_TABLE_USERDATA, userComment(comment));
  return { message, doing: `make the nftables table ${name}`, hints: nftHints() };
}

export function tableRemoval(name: string): NetlinkRequest {
  const message = new NetlinkMessage(nftType(NFT_MSG_DELTABLE), NLM_F_REQUEST, nftHead(NFPROTO_INET));
  message.text(NFTA_TABLE_NAME, name);
  return { message, doing: `remove the nftables table ${name}`, hints: nftHints() };
}

/** A chain of a table, new or there already; undefined for one that no packet comes to by itself. */
export function chainRequest(table: string, name: string, place: NftHook | undefined): NetlinkRequest {
  const message = new NetlinkMessage(nftType(NFT_MSG_NEWCHAIN), NLM_F_REQUEST | NLM_F_CREATE, nftHead(NFPROTO_INET));
  message.text(NFTA_CHAIN_TABLE, table);
  message.text(NFTA_CHAIN_NAME, name);
  if (place !== undefined) {
    const hook = message.open(NFTA_CHAIN_HOOK);
    message.bytes(NFTA_HOOK_HOOKNUM, networkWord(place.hook));
    message.bytes(NFTA_HOOK_PRIORITY, networkWord(place.priority));
    message.close(hook);
    message.text(NFTA_CHAIN_TYPE, place.type);
  }
  return { message, doing: `make the chain ${name} of the nftables table ${table}`, hints: nftHints() };
}

/** Takes all rules of a chain away. */
export function chainFlush(table: string, chain: string): NetlinkRequest {
  const message = new NetlinkMessage(nftType(NFT_MSG_DELRULE), NLM_F_REQUEST, nftHead(NFPROTO_INET));
  message.text(NFTA_RULE_TABLE, table);
  message.text(NFTA_RULE_CHAIN, chain);
  return { message, doing: `empty the chain ${chain} of the nftables table ${table}`, hints: nftHints() };
}

/** Does all of `requests` or nothing. Throws for the first that was refused. */
export function commitNft(socket: NetlinkSocket, requests: readonly NetlinkRequest[]): void {
  if (requests.length === 0) return;
  const all = [batchEnd(NFNL_MSG_BATCH_BEGIN), ...requests];
  all.push(batchEnd(NFNL_MSG_BATCH_END));
  const refusal = socket.tryCommit(all);
  if (refusal === undefined) return;
  const request = all[refusal.request];
  const because = refusedRequest(request ?? requests[0]!, refusal);
  const { errno } = refusal;
  if (errno !== ENOENT && errno !== EOPNOTSUPP && errno !== EPROTONOSUPPORT) throw because;
  throw new LxcError("unsupported", because.doing, "this kernel lacks a part of nftables", {
    errno,
    hint: because.hint,
    because,
  });
}

function batchEnd(type: number): NetlinkRequest {
  const head = nftHead(NFPROTO_UNSPEC);
  // In network order.
  nfgenmsg.resId.put(head, NFNL_SUBSYS_NFTABLES * 256);
  const message = new NetlinkMessage(type, NLM_F_REQUEST, head);
  return { message, doing: "change the packet filter", hints: nftHints() };
}

/** The tables for both protocols. */
export function listTables(socket: NetlinkSocket): NftTable[] {
  const tables: NftTable[] = [];
  for (const { type, attributes } of dump(socket, NFT_MSG_GETTABLE, NFPROTO_INET)) {
    if (type !== nftType(NFT_MSG_NEWTABLE)) continue;
    const name = attributes.text(NFTA_TABLE_NAME);
    tables.push({ name, comment: commentIn(attributes.bytes(NFTA_TABLE_USERDATA)) });
  }
  return tables;
}

/** The rules of all tables, of one family (NFPROTO_…) or of all (NFPROTO_UNSPEC). */
export function listRules(socket: NetlinkSocket, family: number): ListedRule[] {
  const rules: ListedRule[] = [];
  for (const { type, attributes, body } of dump(socket, NFT_MSG_GETRULE, family)) {
    if (type !== nftType(NFT_MSG_NEWRULE)) continue;
    rules.push({
      family: nfgenmsg.family.get(body),
      table: attributes.text(NFTA_RULE_TABLE),
      chain: attributes.text(NFTA_RULE_CHAIN),
      comment: commentIn(attributes.bytes(NFTA_RULE_USERDATA)),
      bytes: body,
    });
  }
  return rules;
}

/** The chains of IPv4, of IPv6, and of both. */
export function listChains(socket: NetlinkSocket): ListedChain[] {
  const chains: ListedChain[] = [];
  for (const { type, attributes, body } of dump(socket, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC)) {
    const family = nfgenmsg.family.get(body);
    if (type !== nftType(NFT_MSG_NEWCHAIN)) continue;
    if (family !== NFPROTO_INET && family !== NFPROTO_IPV4 && family !== NFPROTO_IPV6) continue;
    chains.push({
      family,
      table: attributes.text(NFTA_CHAIN_TABLE),
      chain: attributes.text(NFTA_CHAIN_NAME),
      dropsForwarded: dropsForwarded(attributes),
    });
  }
  return chains;
}

function dropsForwarded(attributes: Attributes): boolean {
  const hook = attributes.bytes(NFTA_CHAIN_HOOK);
  if (hook.length === 0 || wordIn(attributes.bytes(NFTA_CHAIN_POLICY), -1) !== NF_DROP) return false;
  return wordIn(new Attributes(hook, 0).bytes(NFTA_HOOK_HOOKNUM), -1) === NF_INET_FORWARD;
}

interface Dumped {
  readonly type: number;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
}

function dump(socket: NetlinkSocket, message: number, family: number): Dumped[] {
  const question = new NetlinkMessage(nftType(message), NLM_F_REQUEST, nftHead(family));
  const replies = socket.dump({ message: question, doing: "read the packet filter", hints: nftHints() });
  const found: Dumped[] = [];
  for (const reply of replies) if (reply.body.length >= nfgenmsg.size) found.push(dumped(reply));
  return found;
}

function dumped(reply: NetlinkReply): Dumped {
  return { type: reply.type, body: reply.body, attributes: new Attributes(reply.body, nfgenmsg.size) };
}
