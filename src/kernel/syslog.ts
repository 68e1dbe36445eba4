// The host's syslog daemon.

import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "./abi/socket.ts";
import { SYS } from "./abi/syscalls.ts";
import { tryBytes, tryNumbers } from "./call.ts";
import { closeFd } from "./files.ts";
import { bytesOfText } from "./memory.ts";
import { pathAddress } from "./sockets.ts";

const SOCKET = "/dev/log";

/**
 * Sends one message, if somebody listens and takes it at once: nobody waits for a log. Connects each time, as messages are
 * rare, daemons are restarted, and a monitor closes what it did not open.
 */
export function sendToSyslog(message: string): void {
  const fd = tryNumbers(SYS.socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const address = pathAddress(SOCKET);
  const bytes = bytesOfText(message);
  if (tryBytes(SYS.connect, fd, address, address.length, 0) >= 0) tryBytes(SYS.write, fd, bytes, bytes.length, 0);
  closeFd(fd);
}
