// Kernel structs as bytes, at both ends of what their fields hold.

import { cloneArgs } from "../../../src/kernel/abi/sched.ts";
import { sockaddrUn } from "../../../src/kernel/abi/socket.ts";
import { Layout } from "../../../src/kernel/abi/struct.ts";
import { cString, textOf } from "../../../src/kernel/memory.ts";
import { allSignalsBut, signalSet } from "../../../src/kernel/signals.ts";
import { failureOf } from "./failure.ts";

export function structs(): string[] {
  const args = new Uint8Array(cloneArgs.size);
  cloneArgs.flags.put(args, 0x200000000 + 0x20020000);
  cloneArgs.cgroup.put(args, Number.MAX_SAFE_INTEGER);
  cloneArgs.tls.putWords(args, 0xffffffff, 0x80000000);
  const address = new Uint8Array(sockaddrUn.size);
  sockaddrUn.path.put(address, new TextEncoder().encode("/run/ü"));
  return [
    args.join(),
    address.subarray(0, 12).join(),
    String(cloneArgs.flags.get(args)),
    String(cloneArgs.cgroup.get(args)),
    ...failureOf(() => cloneArgs.flags.put(args, 0.5)),
    ...failureOf(() => cloneArgs.flags.put(args, Number.NaN)),
    ...signedFields(),
    cString("a\tü").join(),
    textOf(new Uint8Array([195, 188, 0, 65])),
    signalSet([1, 9, 64]).join(),
    allSignalsBut([17]).join(),
  ];
}

function signedFields(): string[] {
  const signed = new Layout().i32();
  const bytes = new Uint8Array(4);
  signed.put(bytes, -2);
  return [
    `${bytes.join()} ${signed.get(bytes)}`,
    ...failureOf(() => signed.put(bytes, 2 ** 31)),
    ...failureOf(() => signed.put(new Uint8Array(2), 1)),
  ];
}
