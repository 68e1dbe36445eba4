import { deepEqual, equal, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { callsOf } from "../../../scripts/generate-syscalls.ts";
import { architectureNamed, architecturesOf, hostArchitecture, multiplexerOf } from "./architectures.ts";

for (const name of ["x86_64", "x32", "x86", "arm64"] as const) {
  test(`the calls of ${name} are those of the kernel's headers`, () => {
    const architecture = architectureNamed(name);
    const ours = architecture.names.map((call, at) => `${call} ${architecture.numbers[at]}`);
    deepEqual(
      ours,
      [...callsOf(name)].map(([call, number]) => `${call} ${number}`),
    );
    for (const [call, number] of callsOf(name)) equal(architecture.numberOf(call), number);
  });
}

test("calls by their numbers, on each architecture", () => {
  const calls = ["read", "execve", "umount2", "socket", "socketcall", "chown32", "clone3", "nosuch"];
  const numbers = ["x86_64", "x32", "x86", "arm64"].map((name) =>
    calls.map((call) => architectureNamed(name).numberOf(call)),
  );
  const bit = 0x40000000;
  deepEqual(numbers, [
    [0, 59, 166, 41, -1, -1, 435, -1],
    [bit, bit + 520, bit + 166, bit + 41, -1, -1, bit + 435, -1],
    [3, 11, 52, 359, 102, 212, 435, -1],
    [63, 221, 39, 198, -1, -1, 435, -1],
  ]);
});

test("calls through socketcall and ipc have the numbers of the kernel's headers", () => {
  const seen: string[] = [];
  for (const [file, pattern] of [
    ["net", /^#define SYS_(\w+)\s+(\d+)/gm],
    ["ipc", /^#define ((?:SEM|MSG|SHM)\w+)\s+(\d+)/gm],
  ] as const) {
    for (const [, name = "", number] of readFileSync(`/usr/include/linux/${file}.h`, "utf8").matchAll(pattern)) {
      const multiplexer = multiplexerOf(name.toLowerCase());
      seen.push(name);
      deepEqual(
        [name, multiplexer?.call, multiplexer?.number],
        [name, file === "net" ? "socketcall" : "ipc", Number(number)],
      );
    }
  }
  equal(seen.length, 32);
  deepEqual(["read", "", " ", "5", "socketcall"].map(multiplexerOf), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("hosts and their architectures", () => {
  deepEqual(
    (["x86_64", "arm64"] as const).map((host) => architecturesOf(host).map(({ name }) => name)),
    [["x86_64", "x32", "x86"], ["arm64"]],
  );
  deepEqual(["x86_64", "aarch64"].map(hostArchitecture), ["x86_64", "arm64"]);
  throws(() => hostArchitecture("riscv64"), { message: /the system calls of riscv64 are not known/ });
});
