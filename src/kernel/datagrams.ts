// One question and its answer over UDP, on IPv4.

import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, sockaddrIn } from "./abi/socket.ts";
import { SYS } from "./abi/syscalls.ts";
import { tryBytes, tryNumbers } from "./call.ts";
import { closeFd } from "./files.ts";
import { POLLIN, waitFor } from "./waiting.ts";

const MOST_BYTES = 1500;

/** The first answer from `address` within `timeoutMs`; undefined when there is none. */
export function askByUdp(
  address: Uint8Array,
  port: number,
  question: Uint8Array,
  timeoutMs: number,
): Uint8Array | undefined {
  const fd = tryNumbers(SYS.socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  try {
    const to = new Uint8Array(sockaddrIn.size);
    sockaddrIn.family.put(to, AF_INET);
    // In network order.
    sockaddrIn.port.put(to, (port & 255) * 256 + (port >> 8));
    sockaddrIn.address.put(to, address);
    // A connected socket hears nobody else, and hears that nobody is there.
    if (tryBytes(SYS.connect, fd, to, to.length, 0) < 0) return undefined;
    if (tryBytes(SYS.write, fd, question, question.length, 0) < 0) return undefined;
    if (!waitFor(fd, POLLIN, timeoutMs)) return undefined;
    const answer = new Uint8Array(MOST_BYTES);
    const length = tryBytes(SYS.read, fd, answer, answer.length, 0);
    return length <= 0 ? undefined : answer.slice(0, length);
  } finally {
    closeFd(fd);
  }
}
