// A pair of connected sockets that keep message boundaries.
import { AF_UNIX, fdPair, SOCK_CLOEXEC, SOCK_SEQPACKET } from "./abi/socket.ts";
import { call } from "./call.ts";

const LONGEST_MESSAGE = 16384;

export interface SocketPair {
  readonly left: number;
  readonly right: number;
}

export function socketPair(): SocketPair {
  const bytes = new Uint8Array(fdPair.size);
  call("make a socket pair", "socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bytes);
  return { left: fdPair.left.get(bytes), right: fdPair.right.get(bytes) };
}

export function sendMessage(fd: number, message: Uint8Array): void {
  call("send a message", "write", fd, message, message.length);
}

/** The next message; no bytes when the other side has closed. */
export function receiveMessage(fd: number): Uint8Array {
  const bytes = new Uint8Array(LONGEST_MESSAGE);
  const length = call("receive a message", "read", fd, bytes, bytes.length);
  return bytes.slice(0, length);
}

export function closeFd(fd: number): void {
  call(`close descriptor ${fd}`, "close", fd);
}
