// From linux/pkt_sched.h, linux/pkt_cls.h, linux/if_ether.h and linux/tc_act/tc_…: queues and filters of network devices.

import { Layout } from "./struct.ts";

export const RTM_NEWQDISC = 36;
export const RTM_DELQDISC = 37;
export const RTM_GETQDISC = 38;
export const RTM_NEWTFILTER = 44;
export const RTM_GETTFILTER = 46;

export const NLM_F_ECHO = 8;
export const NLM_F_REPLACE = 0x100;

export const TC_H_ROOT = 0xffffffff;
export const TC_H_INGRESS = 0xfffffff1;
export const TC_LINKLAYER_ETHERNET = 1;
export const TC_RTAB_SIZE = 1024;
export const TC_POLICE_SHOT = 2;
export const ETH_P_ALL = 3;

export const TCA_KIND = 1;
export const TCA_OPTIONS = 2;
export const TCA_TBF_PARMS = 1;
export const TCA_TBF_RATE64 = 4;
export const TCA_TBF_BURST = 6;
export const TCA_MATCHALL_ACT = 2;
export const TCA_ACT_KIND = 1;
export const TCA_ACT_OPTIONS = 2;
export const TCA_POLICE_TBF = 1;
export const TCA_POLICE_RATE = 2;
export const TCA_POLICE_RATE64 = 8;

const message = new Layout();
export const tcmsg = {
  family: message.u8(),
  pad1: message.u8(),
  pad2: message.u16(),
  ifindex: message.i32(),
  handle: message.u32(),
  parent: message.u32(),
  info: message.u32(),
  size: message.size(),
};

/** Rates are bytes a second. */
const spec = new Layout();
export const tcRatespec = {
  cellLog: spec.u8(),
  linklayer: spec.u8(),
  overhead: spec.u16(),
  cellAlign: spec.u16(),
  mpu: spec.u16(),
  rate: spec.u32(),
  size: spec.size(),
};

const bucket = new Layout();
export const tcTbfQopt = {
  rate: bucket.bytes(12),
  peakrate: bucket.bytes(12),
  limit: bucket.u32(),
  buffer: bucket.u32(),
  mtu: bucket.u32(),
  size: bucket.size(),
};

const police = new Layout();
export const tcPolice = {
  index: police.u32(),
  action: police.i32(),
  limit: police.u32(),
  burst: police.u32(),
  mtu: police.u32(),
  rate: police.bytes(12),
  peakrate: police.bytes(12),
  refcnt: police.i32(),
  bindcnt: police.i32(),
  capab: police.u32(),
  size: police.size(),
};
