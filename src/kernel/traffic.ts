// How much may go through a network device: queues and filters by rtnetlink (tc-tbf(8), tc-police(8)). Pure.

import { ENOENT, EPERM } from "./abi/errno.ts";
import { NLM_F_CREATE, NLM_F_REQUEST } from "./abi/netlink.ts";
import { Layout } from "./abi/struct.ts";
import {
  ETH_P_ALL,
  NLM_F_ECHO,
  NLM_F_REPLACE,
  RTM_DELQDISC,
  RTM_GETQDISC,
  RTM_GETTFILTER,
  RTM_NEWQDISC,
  RTM_NEWTFILTER,
  TC_H_INGRESS,
  TC_H_ROOT,
  TC_LINKLAYER_ETHERNET,
  TC_POLICE_SHOT,
  TC_RTAB_SIZE,
  TCA_ACT_KIND,
  TCA_ACT_OPTIONS,
  TCA_KIND,
  TCA_MATCHALL_ACT,
  TCA_OPTIONS,
  TCA_POLICE_RATE,
  TCA_POLICE_RATE64,
  TCA_POLICE_TBF,
  TCA_TBF_BURST,
  TCA_TBF_PARMS,
  TCA_TBF_RATE64,
  tcmsg,
  tcPolice,
  tcRatespec,
  tcTbfQopt,
} from "./abi/traffic.ts";
import type { ErrnoHint, NetlinkRequest } from "./netlink.ts";
import { Attributes, NetlinkMessage, type NetlinkReply } from "./netlink-messages.ts";

/** Our queue, so that nobody takes it for one of the kernel's own. */
const QUEUE_HANDLE = 0x4c580000;
const INGRESS_HANDLE = 0xffff0000;
/** The first filter, for every protocol: the priority in the upper half, then ETH_P_ALL in network order. */
const FIRST_FOR_ALL = 65536 + ETH_P_ALL * 256;
/** The kernel's number for the first filter of its kind. */
const FILTER_HANDLE = 1;
const LARGEST_WORD = 0xffffffff;
/** A clock of the kernel's scheduler ticks every 64 ns (PSCHED_SHIFT in net/pkt_sched.h). */
const TICK_NS = 64;
const largeRate = new Layout().u64();
/** The largest packet that the kernel hands on in one piece is 64 kB, with its headers. */
const LEAST_BURST = 73728;

/** How much may come at once, in bytes, when less than `bits` a second was used before. */
export function queueBurst(bits: number): number {
  return Math.min(LARGEST_WORD, Math.max(16384, Math.ceil(bits / 8 / 100)));
}

/** The same where nothing waits: a whole packet must fit, and TCP wants a fifth of a second. */
export function policeBurst(bits: number): number {
  return Math.min(LARGEST_WORD, Math.max(LEAST_BURST, Math.ceil(bits / 8 / 5)));
}

/** What waits at most: a fifth of a second, and always some whole packets. */
function queueLimit(bits: number): number {
  return Math.min(LARGEST_WORD, queueBurst(bits) + Math.max(LEAST_BURST, Math.ceil(bits / 8 / 5)));
}

/** What the device at `index` sends is slowed to `bits` a second; a queue that is there is changed. */
export function slowSending(index: number, bits: number, doing: string): NetlinkRequest {
  const rate = Math.floor(bits / 8);
  const message = qdisc(index, QUEUE_HANDLE, TC_H_ROOT);
  message.text(TCA_KIND, "tbf");
  const parms = new Uint8Array(tcTbfQopt.size);
  tcTbfQopt.rate.put(parms, rateSpec(rate));
  tcTbfQopt.limit.put(parms, queueLimit(bits));
  const options = message.open(TCA_OPTIONS);
  message.bytes(TCA_TBF_PARMS, parms);
  if (rate > LARGEST_WORD) message.u64(TCA_TBF_RATE64, rate);
  message.u32(TCA_TBF_BURST, queueBurst(bits));
  message.close(options);
  return { message, doing, hints: missing("CONFIG_NET_SCH_TBF (module sch_tbf)") };
}

/** Where filters of what the device at `index` receives are. */
export function receivingFilters(index: number, doing: string): NetlinkRequest {
  const message = qdisc(index, INGRESS_HANDLE, TC_H_INGRESS);
  message.text(TCA_KIND, "ingress");
  return { message, doing, hints: missing("CONFIG_NET_SCH_INGRESS (module sch_ingress)") };
}

/** Of what the device at `index` receives, all above `bits` a second is lost. */
export function dropReceived(index: number, bits: number, doing: string): NetlinkRequest {
  const rate = Math.floor(bits / 8);
  const burstTicks = Math.min(LARGEST_WORD, Math.ceil((policeBurst(bits) / rate) * (1e9 / TICK_NS)));
  const parms = new Uint8Array(tcPolice.size);
  tcPolice.action.put(parms, TC_POLICE_SHOT);
  tcPolice.burst.put(parms, burstTicks);
  tcPolice.mtu.put(parms, LARGEST_WORD);
  tcPolice.rate.put(parms, rateSpec(rate));
  const head = tcHead(index, 0, INGRESS_HANDLE);
  tcmsg.info.put(head, FIRST_FOR_ALL);
  const message = new NetlinkMessage(RTM_NEWTFILTER, NLM_F_REQUEST | NLM_F_CREATE, head);
  message.text(TCA_KIND, "matchall");
  const options = message.open(TCA_OPTIONS);
  const actions = message.open(TCA_MATCHALL_ACT);
  const first = message.open(1);
  message.text(TCA_ACT_KIND, "police");
  const own = message.open(TCA_ACT_OPTIONS);
  message.bytes(TCA_POLICE_TBF, parms);
  // The kernel wants the table of old times, and reads nothing in it.
  message.bytes(TCA_POLICE_RATE, new Uint8Array(TC_RTAB_SIZE));
  if (rate > LARGEST_WORD) message.u64(TCA_POLICE_RATE64, rate);
  for (const opened of [own, first, actions, options]) message.close(opened);
  const needed = "CONFIG_NET_CLS_MATCHALL and CONFIG_NET_ACT_POLICE (modules cls_matchall and act_police)";
  return { message, doing, hints: missing(needed) };
}

/** Takes the queue of `slowSending` away. */
export function sendFreely(index: number, doing: string): NetlinkRequest {
  return { message: removal(index, QUEUE_HANDLE, TC_H_ROOT), doing, hints: [] };
}

/** Takes `receivingFilters` away, with what is in them. */
export function receiveFreely(index: number, doing: string): NetlinkRequest {
  return { message: removal(index, INGRESS_HANDLE, TC_H_INGRESS), doing, hints: [] };
}

/** What a device lets through, in bits a second; 0 for all that there is. */
export interface LinkLimits {
  readonly sentBits: number;
  readonly receivedBits: number;
}

/** Asks for both limits of the device at `index`. */
export function limitQuestions(index: number): NetlinkRequest[] {
  const doing = "find a device's limits";
  // Without it the answer goes to everybody but us.
  const queue = new NetlinkMessage(RTM_GETQDISC, NLM_F_REQUEST | NLM_F_ECHO, tcHead(index, 0, TC_H_ROOT));
  const head = tcHead(index, FILTER_HANDLE, INGRESS_HANDLE);
  tcmsg.info.put(head, FIRST_FOR_ALL);
  const filter = new NetlinkMessage(RTM_GETTFILTER, NLM_F_REQUEST, head);
  filter.text(TCA_KIND, "matchall");
  return [
    { message: queue, doing, hints: [] },
    { message: filter, doing, hints: [] },
  ];
}

/** The limits in the answers to `limitQuestions`. */
export function limitsIn(replies: readonly NetlinkReply[]): LinkLimits {
  let sentBits = 0;
  let receivedBits = 0;
  for (const { type, body } of replies) {
    if (body.length < tcmsg.size) continue;
    const attributes = new Attributes(body, tcmsg.size);
    const kind = attributes.text(TCA_KIND);
    const options = attributes.nested(TCA_OPTIONS);
    if (type === RTM_NEWQDISC && kind === "tbf") sentBits = tbfBits(options);
    if (type === RTM_NEWTFILTER && kind === "matchall") receivedBits = policeBits(options.nested(TCA_MATCHALL_ACT));
  }
  return { sentBits, receivedBits };
}

function tbfBits(options: Attributes): number {
  const parms = options.bytes(TCA_TBF_PARMS);
  return parms.length < tcTbfQopt.size ? 0 : rateBits(tcTbfQopt.rate.get(parms), options.bytes(TCA_TBF_RATE64));
}

function policeBits(actions: Attributes): number {
  const action = actions.nested(1);
  const options = action.nested(TCA_ACT_OPTIONS);
  const parms = options.bytes(TCA_POLICE_TBF);
  if (action.text(TCA_ACT_KIND) !== "police" || parms.length < tcPolice.size) return 0;
  return rateBits(tcPolice.rate.get(parms), options.bytes(TCA_POLICE_RATE64));
}

/** One that does not fit into 32 bits is in an attribute of its own. */
function rateBits(spec: Uint8Array, large: Uint8Array): number {
  return 8 * (large.length < 8 ? tcRatespec.rate.get(spec) : largeRate.get(large));
}

function qdisc(index: number, handle: number, parent: number): NetlinkMessage {
  const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
  return new NetlinkMessage(RTM_NEWQDISC, flags, tcHead(index, handle, parent));
}

function removal(index: number, handle: number, parent: number): NetlinkMessage {
  return new NetlinkMessage(RTM_DELQDISC, NLM_F_REQUEST, tcHead(index, handle, parent));
}

function tcHead(index: number, handle: number, parent: number): Uint8Array {
  const head = new Uint8Array(tcmsg.size);
  tcmsg.ifindex.put(head, index);
  tcmsg.handle.put(head, handle);
  tcmsg.parent.put(head, parent);
  return head;
}

function rateSpec(rate: number): Uint8Array {
  const spec = new Uint8Array(tcRatespec.size);
  tcRatespec.linklayer.put(spec, TC_LINKLAYER_ETHERNET);
  // A size of table cells that is none would make the kernel refuse the table.
  tcRatespec.cellLog.put(spec, 8);
  tcRatespec.rate.put(spec, Math.min(rate, LARGEST_WORD));
  return spec;
}

function missing(needed: string): ErrnoHint[] {
  return [
    { errno: ENOENT, hint: `it needs a kernel with ${needed}` },
    { errno: EPERM, hint: "it needs root (CAP_NET_ADMIN)" },
  ];
}
