import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../../test/fuzz/random.ts";
import { type Call, dataOf, decide, run } from "../../../test/fuzz/seccomp-model.ts";
import { randomCall, randomPolicy } from "../../../test/fuzz/seccomp-text.ts";
import { architectureNamed } from "./architectures.ts";
import { compilePolicy } from "./compile.ts";
import { readPolicy } from "./read.ts";
import type { Word } from "./word.ts";

const ZERO: Word = { high: 0, low: 0 };
const ALLOW = 0x7fff0000;
const KILL = 0;
const EPERM = 0x50001;

function callOf(architecture: string, name: string, ...args: readonly number[]): Call {
  const words = [0, 1, 2, 3, 4, 5].map((index) => wordOf(args[index] ?? 0));
  return { architecture, number: architectureNamed(architecture).numberOf(name), args: words };
}

function wordOf(value: number): Word {
  return { high: Math.floor(value / 2 ** 32), low: value % 2 ** 32 };
}

/** What the kernel would be told of a call under these lines of a policy. */
function verdict(lines: readonly string[], call: Call): number {
  return run(compilePolicy(readPolicy(`2\n${lines.join("\n")}\n`, "p"), "x86_64"), dataOf(call)).value;
}

function verdicts(lines: readonly string[], calls: readonly Call[]): number[] {
  return calls.map((call) => verdict(lines, call));
}

test("random policies decide on random calls as they say, rule by rule", () => {
  const random = new Random(20261126);
  const seen = new Set<number>();
  let cases = 0;
  const end = Date.now() + 1500;
  for (let i = 0; i < 600 && Date.now() < end; i++) {
    const host = random.below(8) === 0 ? "arm64" : "x86_64";
    const text = randomPolicy(random, i % 10 === 0 ? 120 : 14);
    const policy = readPolicy(text, "p");
    const program = compilePolicy(policy, host);
    for (let j = 0; j < 60; j++) {
      const call = randomCall(random, policy);
      const should = decide(policy, host, call);
      const is = run(program, dataOf(call)).value;
      if (is !== should) equal(is, should, `${text}${JSON.stringify(call)}`);
      seen.add(is);
      cases++;
    }
  }
  ok(cases >= 5000, `${cases} cases only`);
  ok(seen.size >= 8, `${[...seen]}`);
});

test("a denylist allows what it does not name, an allowlist kills it, and either may say otherwise", () => {
  const read = callOf("x86_64", "read");
  deepEqual(
    [
      verdict(["denylist", "write"], read),
      verdict(["allowlist", "write"], read),
      verdict(["denylist errno 1", "write"], read),
      verdict(["allowlist trap", "write"], read),
      verdict(["denylist", "read"], read),
      verdict(["allowlist", "read"], read),
    ],
    [ALLOW, KILL, EPERM, 0x30000, KILL, ALLOW],
  );
});

test("a rule holds on each architecture of the host, also from the section of one of them, as in LXC", () => {
  const calls = ["x86_64", "x32", "x86"].map((name) => callOf(name, "mkdirat"));
  for (const section of ["[all]", "[x86_64]", "[x86]", "[X32]"]) {
    deepEqual(verdicts(["denylist", section, "mkdirat errno 1"], calls), [EPERM, EPERM, EPERM]);
  }
  for (const section of ["[arm]", "[arm64]", "[riscv64]"]) {
    deepEqual(verdicts(["denylist", section, "mkdirat errno 1"], calls), [ALLOW, ALLOW, ALLOW]);
  }
});

test("a call from an architecture that the host cannot have ends the thread, even under a denylist", () => {
  equal(verdict(["denylist"], { architecture: "other", number: 0, args: [ZERO, ZERO, ZERO, ZERO, ZERO, ZERO] }), KILL);
  const arm = compilePolicy(readPolicy("2\ndenylist\nread errno 1\n", "p"), "arm64");
  deepEqual(
    [callOf("arm64", "read"), callOf("arm64", "write"), callOf("x86_64", "read")].map(
      (call) => run(arm, dataOf(call)).value,
    ),
    [EPERM, ALLOW, KILL],
  );
});

test("version 1 allows numbers of the host's own architecture and kills all else", () => {
  const calls = [callOf("x86_64", "read"), callOf("x86_64", "open"), callOf("x32", "read"), callOf("x86", "exit")];
  for (const [head, other] of [
    ["whitelist", KILL],
    ["allowlist errno 1", EPERM],
  ] as const) {
    const program = compilePolicy(readPolicy(`1\n${head}\n0\n1\n`, "p"), "x86_64");
    deepEqual(
      calls.map((call) => run(program, dataOf(call)).value),
      [ALLOW, other, KILL, KILL],
    );
  }
});

test("on x86 a rule holds for socketcall and ipc too, unless it looks at arguments", () => {
  const socketcall = (number: number): Call => callOf("x86", "socketcall", number);
  deepEqual(verdicts(["denylist", "socket errno 1"], [1, 2, 8].map(socketcall)), [EPERM, ALLOW, ALLOW]);
  deepEqual(verdicts(["denylist", "accept errno 1"], [5, 18].map(socketcall)), [EPERM, ALLOW]);
  deepEqual(verdicts(["denylist", "sendmmsg errno 1"], [20].map(socketcall)), [EPERM]);
  // The upper half of the first argument of ipc is a version.
  const ipc = [3, 0x10003, 4].map((number) => callOf("x86", "ipc", number));
  deepEqual(verdicts(["denylist", "semctl errno 1"], ipc), [EPERM, EPERM, ALLOW]);
  deepEqual(verdicts(["denylist", "shmctl errno 1"], [callOf("x86", "ipc", 24)]), [EPERM]);
  const compared = ["denylist", "socket errno 1 [0,38,==]"];
  deepEqual(verdicts(compared, [socketcall(1), callOf("x86", "socket", 38), callOf("x86", "socket", 1)]), [
    ALLOW,
    EPERM,
    ALLOW,
  ]);
});

test("arguments are compared with all 64 bits, and with 32 where there are no more", () => {
  const high = 2 ** 32;
  const args = [0, 37, 38, 39, high + 37, high + 38];
  const expected: Record<string, string> = {
    "==": "..x...",
    "!=": "xx.xxx",
    "<": "xx....",
    "<=": "xxx...",
    ">": "...xxx",
    ">=": "..xxxx",
    "&=": "..x..x",
  };
  const narrow: Record<string, string> = { ...expected, "==": "..x..x", "!=": "xx.xx." };
  Object.assign(narrow, { "<": "xx..x.", "<=": "xxx.xx", ">": "...x..", ">=": "..xx.x" });
  for (const [operator, matches] of Object.entries(expected)) {
    const mask = operator === "&=" ? ",0xffffffff" : "";
    const lines = ["denylist", `ioctl errno 1 [1,38,${operator}${mask}]`];
    const on = (name: string): string =>
      args.map((arg) => (verdict(lines, callOf(name, "ioctl", 0, arg)) === EPERM ? "x" : ".")).join("");
    deepEqual([operator, on("x86_64"), on("x32")], [operator, matches, narrow[operator]]);
  }
});

test("comparisons of one line must all hold, and any line may decide", () => {
  const lines = ["denylist", "socket errno 1 [0,16,==][2,6,==]", "socket errno 1 [0,38,==]"];
  const calls = [
    [16, 3, 6],
    [16, 3, 0],
    [38, 0, 0],
    [2, 1, 6],
  ].map((args) => callOf("x86_64", "socket", ...args));
  deepEqual(verdicts(lines, calls), [EPERM, ALLOW, EPERM, ALLOW]);
});

test("of rules that both match, none without comparisons comes before the first such, and a narrower before a wider", () => {
  const call = callOf("x86_64", "personality", 8);
  const errno = (...lines: readonly string[]): number => verdict(["denylist", ...lines], call) & 0xffff;
  equal(errno("personality errno 2", "personality errno 3 [0,8,==]"), 2);
  equal(errno("personality errno 3 [0,8,==]", "personality errno 2", "personality errno 4"), 2);
  equal(errno("personality errno 2 [0,0,>=]", "personality errno 3 [0,8,==]"), 3);
  equal(errno("personality errno 2 [0,0,>=]", "personality errno 3 [0,5,>]"), 3);
  equal(errno("personality errno 2 [0,99,<]", "personality errno 3 [0,9,<]"), 3);
  equal(errno("personality errno 2 [0,8,==]", "personality errno 3 [0,8,==]"), 2);
  equal(errno("personality errno 2 [0,8,==]", "personality errno 3 [0,8,==][1,0,==]"), 3);
  equal(errno("personality errno 2 [0,8,==][1,0,==]", "personality errno 3 [0,8,==]"), 2);
});

test("calls at any distance are found, in programs longer than a jump reaches", () => {
  const names = architectureNamed("x86_64").names.slice(0, 230);
  const lines = names.map((name, at) => `${name} errno ${(at % 4000) + 1} [0,${at},==]`);
  const program = compilePolicy(readPolicy(`2\ndenylist\n${lines.join("\n")}\n`, "p"), "x86_64");
  ok(program.length / 8 > 3000, `${program.length / 8}`);
  names.forEach((name, at) => {
    equal(run(program, dataOf(callOf("x86_64", name, at))).value, 0x50000 + (at % 4000) + 1);
    equal(run(program, dataOf(callOf("x86_64", name, at + 1))).value, ALLOW);
    equal(run(program, dataOf(callOf("x86_64", name, at + 2 ** 32))).value, ALLOW);
  });
});

test("many values of one call are as long as they need to be", () => {
  const lines = Array.from({ length: 600 }, (_, at) => `ioctl errno ${(at % 4000) + 1} [1,${at * 3},==]`);
  const program = compilePolicy(readPolicy(`2\ndenylist\n${lines.join("\n")}\n`, "p"), "arm64");
  for (let at = 0; at < 600; at++) {
    equal(run(program, dataOf(callOf("arm64", "ioctl", 0, at * 3))).value, 0x50000 + at + 1);
    equal(run(program, dataOf(callOf("arm64", "ioctl", 0, at * 3 + 1))).value, ALLOW);
  }
});

test("a program that the kernel would not take is refused", () => {
  const lines = Array.from({ length: 600 }, (_, at) => `ioctl errno 1 [1,${at},==]`);
  throws(() => compilePolicy(readPolicy(`2\ndenylist\n${lines.join("\n")}\n`, "big"), "x86_64"), {
    message: /^cannot make a filter of big: it takes \d+ instructions, and the kernel accepts 4096$/,
  });
});

test("a call passes few instructions, however many rules there are", () => {
  const names = architectureNamed("x86_64")
    .names.filter((_, at) => at % 2 === 0)
    .slice(0, 200);
  const program = compilePolicy(
    readPolicy(`2\ndenylist\n${names.map((name) => `${name} errno 1`).join("\n")}\n`, "p"),
    "x86_64",
  );
  const steps = architectureNamed("x86_64").names.map((name) => run(program, dataOf(callOf("x86_64", name))).steps);
  ok(Math.max(...steps) <= 16, `${Math.max(...steps)}`);
});
