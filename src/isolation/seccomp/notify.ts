// System calls that are handed to a program: the kernel's structs, and the message to the proxy that decides, whose format is
// LXC's. Pure.

import { ENOSYS } from "../../kernel/abi/errno.ts";
import { seccompNotif, seccompNotifResp } from "../../kernel/abi/seccomp.ts";
import { Layout } from "../../kernel/abi/struct.ts";
import { bytesOfText } from "../../kernel/memory.ts";

/** How large the kernel's structs are; they may grow. */
export interface NotifySizes {
  readonly notification: number;
  readonly response: number;
  readonly data: number;
}

/** What begins each message, in both directions; notification, response and cookie follow. */
const head = new Layout();
const header = {
  reserved: head.bytes(8),
  monitorPid: head.i32(),
  initPid: head.i32(),
  notificationSize: head.u16(),
  responseSize: head.u16(),
  dataSize: head.u16(),
  cookieLength: head.u64(),
  size: head.size(),
};

export const PROXY_HEADER_SIZE = header.size;
const ID_SIZE = 8;

/** Who asks the proxy. */
export interface ProxyContext {
  readonly monitorPid: number;
  readonly initPid: number;
  /** A text of the configuration; "" for none. */
  readonly cookie: string;
}

/** The number of a call that waits, as bytes: it takes all 64 bits. */
export function idOf(struct: Uint8Array): Uint8Array {
  return struct.slice(0, ID_SIZE);
}

/** The same to look up by. */
export function idKey(struct: Uint8Array): string {
  let key = "";
  for (let at = 0; at < ID_SIZE; at++) key += `${struct[at]!} `;
  return key;
}

export function pidOf(notification: Uint8Array): number {
  return seccompNotif.pid.get(notification);
}

/** The answer of a kernel that has no such call, as LXC gives it when no proxy decides. */
export function defaultResponse(id: Uint8Array, sizes: NotifySizes): Uint8Array {
  const response = emptyResponse(id, sizes);
  seccompNotifResp.error.put(response, -ENOSYS);
  return response;
}

function emptyResponse(id: Uint8Array, sizes: NotifySizes): Uint8Array {
  const response = new Uint8Array(sizes.response);
  response.set(id);
  return response;
}

/** A message without its cookie. */
export function proxyMessageSize(sizes: NotifySizes): number {
  return header.size + sizes.notification + sizes.response;
}

/** The message that asks for a decision on `notification`, with room for the response. */
export function proxyMessage(notification: Uint8Array, sizes: NotifySizes, context: ProxyContext): Uint8Array {
  const cookie = bytesOfText(context.cookie);
  const message = new Uint8Array(proxyMessageSize(sizes) + cookie.length);
  header.monitorPid.put(message, context.monitorPid);
  header.initPid.put(message, context.initPid);
  header.notificationSize.put(message, sizes.notification);
  header.responseSize.put(message, sizes.response);
  header.dataSize.put(message, sizes.data);
  header.cookieLength.put(message, cookie.length);
  message.set(notification, header.size);
  message.set(emptyResponse(idOf(notification), sizes), header.size + sizes.notification);
  message.set(cookie, proxyMessageSize(sizes));
  return message;
}

/** The response in a proxy's message; undefined when it is not such a message, or not whole. */
export function responseIn(message: Uint8Array, sizes: NotifySizes): Uint8Array | undefined {
  if (message.length !== proxyMessageSize(sizes)) return undefined;
  for (let at = 0; at < ID_SIZE; at++) if (message[at] !== 0) return undefined;
  const from = header.size + sizes.notification;
  return message.slice(from, from + sizes.response);
}
