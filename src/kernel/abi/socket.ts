// From linux/socket.h, linux/in.h, linux/un.h and asm-generic/socket.h.

import { Layout } from "./struct.ts";

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_PASSCRED = 16;
export const SO_PEERCRED = 17;
export const SO_RCVTIMEO = 20;
export const SO_SNDTIMEO = 21;
export const SO_SNDBUFFORCE = 32;
export const SCM_RIGHTS = 1;
export const SCM_CREDENTIALS = 2;
export const MSG_PEEK = 2;
export const MSG_CTRUNC = 8;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;

export const SUN_PATH_LENGTH = 108;

const un = new Layout();
export const sockaddrUn = { family: un.u16(), path: un.bytes(SUN_PATH_LENGTH), size: un.size() };

const inet = new Layout();
/** The kernel wants room behind the address. */
export const sockaddrIn = {
  family: inet.u16(),
  port: inet.u16(),
  address: inet.bytes(4),
  zero: inet.bytes(8),
  size: inet.size(),
};

const pair = new Layout();
export const fdPair = { left: pair.i32(), right: pair.i32(), size: pair.size() };

const cred = new Layout();
export const ucred = { pid: cred.i32(), uid: cred.u32(), gid: cred.u32(), size: cred.size() };

const vec = new Layout();
export const iovec = { base: vec.u64(), length: vec.u64(), size: vec.size() };

const msg = new Layout();
export const msghdr = {
  name: msg.u64(),
  nameLength: msg.u32(),
  iov: msg.u64(),
  iovLength: msg.u64(),
  control: msg.u64(),
  controlLength: msg.u64(),
  flags: msg.u32(),
  size: msg.size(),
};

const control = new Layout();
export const cmsghdr = { length: control.u64(), level: control.i32(), type: control.i32(), size: control.size() };

const time = new Layout();
export const timeval = { seconds: time.u64(), microseconds: time.u64(), size: time.size() };
