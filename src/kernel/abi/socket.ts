// From linux/socket.h, linux/un.h and linux/netlink.h.
import { Layout } from "./struct.ts";

export const AF_UNIX = 1;
export const SOCK_SEQPACKET = 5;
export const SOCK_CLOEXEC = 0x80000;

const un = new Layout();
export const sockaddrUn = { family: un.u16(), path: un.bytes(108), size: un.size() };

const nl = new Layout();
export const nlmsghdr = {
  length: nl.u32(),
  type: nl.u16(),
  flags: nl.u16(),
  sequence: nl.u32(),
  port: nl.u32(),
  size: nl.size(),
};

const pair = new Layout();
export const fdPair = { left: pair.i32(), right: pair.i32(), size: pair.size() };
