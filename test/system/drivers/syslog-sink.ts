// Stands in for a syslog daemon: `syslog-sink PATH COUNT` takes so many messages at that socket and prints one a line.

import { AF_UNIX, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET, timeval } from "../../../src/kernel/abi/socket.ts";
import { SYS } from "../../../src/kernel/abi/syscalls.ts";
import { call, tryBytes } from "../../../src/kernel/call.ts";
import { pathAddress } from "../../../src/kernel/sockets.ts";

const LONGEST = 8192;
const PATIENCE_S = 10;

function main(path: string, count: number): number {
  const fd = call("make a socket", "socket", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const limit = new Uint8Array(timeval.size);
  timeval.seconds.put(limit, PATIENCE_S);
  call("set a time limit", "setsockopt", fd, SOL_SOCKET, SO_RCVTIMEO, limit, limit.length);
  const address = pathAddress(path);
  call(`listen on ${path}`, "bind", fd, address, address.length);
  console.log("ready");
  const bytes = new Uint8Array(LONGEST);
  for (let taken = 0; taken < count; taken++) {
    const got = tryBytes(SYS.recvfrom, fd, bytes, LONGEST, 0);
    if (got < 0) return 1;
    console.log(new TextDecoder().decode(bytes.subarray(0, got)));
  }
  return 0;
}

process.exitCode = main(process.argv[2] ?? "", parseInt(process.argv[3] ?? "1", 10));
