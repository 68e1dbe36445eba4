// Writes src/isolation/seccomp/tables/ from the kernel's headers: `node scripts/generate-syscalls.ts`.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** Names with numbers, in the order of the numbers. */
export type Calls = ReadonlyMap<string, number>;

const FOLDER = "src/isolation/seccomp/tables";
const X32_BIT = 0x40000000;
const WIDTH = 120;

/**
 * Calls that are younger than the headers of Debian 12 (Linux 6.1), so that a policy may name them. The numbers from 424 on
 * are the same on every architecture.
 */
const YOUNGER: readonly (readonly [number, string])[] = [
  [451, "cachestat"],
  [452, "fchmodat2"],
  [453, "map_shadow_stack"],
  [454, "futex_wake"],
  [455, "futex_wait"],
  [456, "futex_requeue"],
  [457, "statmount"],
  [458, "listmount"],
  [459, "lsm_get_self_attr"],
  [460, "lsm_set_self_attr"],
  [461, "lsm_list_modules"],
  [462, "mseal"],
  [463, "setxattrat"],
  [464, "getxattrat"],
  [465, "listxattrat"],
  [466, "removexattrat"],
  [467, "open_tree_attr"],
  [468, "file_getattr"],
  [469, "file_setattr"],
  [470, "listns"],
  [471, "rseq_slice_yield"],
];

/** Of x86_64 and x32 alone. */
const YOUNGER_X86_64: readonly (readonly [number, string])[] = [
  [335, "uretprobe"],
  [336, "uprobe"],
];

/** What arm64 asks of the generic table (arch/arm64/include/uapi/asm/unistd.h). */
const ARM64_WANTS = ["RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3", "MEMFD_SECRET"];

/** The calls of `architecture`: what the headers define, and what is younger than they are. */
export function callsOf(architecture: "x86_64" | "x32" | "x86" | "arm64"): Calls {
  if (architecture === "arm64") return withYounger(defined(arm64Source()), YOUNGER);
  const header = { x86_64: "unistd_64.h", x32: "unistd_x32.h", x86: "unistd_32.h" }[architecture];
  const calls = defined(`#define __X32_SYSCALL_BIT ${X32_BIT}\n#include <asm/${header}>\n`);
  return withYounger(calls, architecture === "x86" ? YOUNGER : [...YOUNGER_X86_64, ...YOUNGER]);
}

function arm64Source(): string {
  const wants = ARM64_WANTS.map((want) => `#define __ARCH_WANT_${want}\n`).join("");
  return `#define __BITS_PER_LONG 64\n${wants}#include <asm-generic/unistd.h>\n`;
}

/** Every __NR_ macro of a C source: the preprocessor gives the names, and then the values. */
function defined(source: string): Calls {
  const names: string[] = [];
  for (const line of preprocess(source, "-dM").split("\n")) {
    const name = /^#define __NR_(\w+) /.exec(line)?.[1];
    // The last one counts the calls.
    if (name !== undefined && name !== "syscalls" && name !== "arch_specific_syscall") names.push(name);
  }
  const asked = names.map((name) => `value ${name.split("").join(" ")} = __NR_${name}\n`).join("");
  const calls = new Map<string, number>();
  for (const line of preprocess(source + asked).split("\n")) {
    const [, name, value] = /^value (.*) = (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) calls.set(name.replaceAll(" ", ""), sum(value));
  }
  return sorted(calls);
}

/** `(1073741824 + 3)` or `3`. */
function sum(expression: string): number {
  const terms = expression.replace(/[()]/g, "").split("+");
  return terms.reduce((total, term) => total + Number(term), 0);
}

function preprocess(source: string, ...options: readonly string[]): string {
  const headers = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"];
  const run = spawnSync("musl-gcc", [...headers, "-E", "-P", ...options, "-"], { encoding: "utf8", input: source });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout;
}

/** A call that the headers know as well must have the same number there. */
function withYounger(calls: Calls, younger: readonly (readonly [number, string])[]): Calls {
  const all = new Map(calls);
  const isX32 = (calls.get("read") ?? 0) >= X32_BIT;
  for (const [number, name] of younger) {
    const here = number + (isX32 ? X32_BIT : 0);
    const known = all.get(name);
    if (known !== undefined && known !== here) throw new Error(`${name} is ${known} in the headers, not ${here}`);
    all.set(name, here);
  }
  return sorted(all);
}

function sorted(calls: Calls): Calls {
  return new Map([...calls].sort((a, b) => a[1] - b[1]));
}

/** Names one after the other; a number before a name is its own, where it does not follow the one before. */
function tableText(calls: Calls): string {
  const words: string[] = [];
  let next = 0;
  for (const [name, number] of calls) {
    if (number !== next) words.push(String(number));
    words.push(name);
    next = number + 1;
  }
  return wrapped(words);
}

function wrapped(words: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Calls of x32 that x86_64 has not at the same number, and those of x86_64 that x32 has not at all. */
function x32Texts(): readonly [string, string] {
  const long = callsOf("x86_64");
  const own = new Map<string, number>();
  const x32 = callsOf("x32");
  for (const [name, number] of x32) if (long.get(name) !== number - X32_BIT) own.set(name, number - X32_BIT);
  const missing = [...long.keys()].filter((name) => !x32.has(name));
  return [tableText(own), wrapped(missing)];
}

function functionText(doc: string, name: string, text: string): string {
  return `/** ${doc} */\nexport function ${name}(): string {\n  return \`\n${text}\n\`;\n}\n`;
}

function write(file: string, about: string, version: string, functions: readonly string[]): void {
  const from = `Made by scripts/generate-syscalls.ts from linux-libc-dev ${version}, with younger calls added by hand there.`;
  writeFileSync(`${FOLDER}/${file}`, `// ${about}\n// ${from}\n\n${functions.join("\n")}`);
}

if (import.meta.main) {
  const asked = spawnSync("dpkg-query", ["-W", "linux-libc-dev"], { encoding: "utf8" });
  const version = asked.stdout.trim().split("	")[1] ?? "of an unknown version";
  const doc = "Names by number: a number is that of the name behind it, and others count on.";
  for (const [file, name, architecture] of [
    ["x86-64.ts", "callsOfX8664", "x86_64"],
    ["x86.ts", "callsOfX86", "x86"],
    ["arm64.ts", "callsOfArm64", "arm64"],
  ] as const) {
    write(file, `The system calls of ${architecture}.`, version, [
      functionText(doc, name, tableText(callsOf(architecture))),
    ]);
  }
  const [own, missing] = x32Texts();
  write("x32.ts", "How the system calls of x32 differ from those of x86_64; all have bit 30 set as well.", version, [
    functionText(`${doc} Only those that x86_64 has elsewhere.`, "callsOfX32", own),
    functionText("Calls of x86_64 that x32 does not have.", "missingInX32", missing),
  ]);
}
