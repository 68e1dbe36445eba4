// Seccomp policies for real: what the kernel does with the programs, and who decides on calls that are handed on.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { architectureNamed, multiplexerOf } from "../../src/isolation/seccomp/architectures.ts";
import { compilePolicy } from "../../src/isolation/seccomp/compile.ts";
import { readPolicy } from "../../src/isolation/seccomp/read.ts";
import { dataOf, run } from "../fuzz/seccomp-model.ts";

const DRIVER = "dist/drivers/seccomp";
const folder = mkdtempSync(join(tmpdir(), "lxcts-seccomp-"));
const PROBE = join(folder, "probe");
const PROBE_X86 = join(folder, "probe-x86");
const HARDENED = "share/lxc/config/hardened.seccomp";
const skip = process.getuid?.() === 0 ? false : "filters of other privileges need root";

const skipX86 = skip !== false ? skip : makeProbeX86();

/** Returns why it cannot be run. Alone it makes calls by `int $0x80`, and so needs no C library of 32 bits. */
function makeProbeX86(): string | false {
  const alone = ["-m32", "-O1", "-Wall", "-Werror", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector"];
  execFileSync("gcc", [...alone, "-fno-pie", "-no-pie", "test/system/drivers/seccomp-probe.c", "-o", PROBE_X86]);
  const { stdout } = spawnSync(PROBE_X86, [`${nr("getpid", "x86")}`], { encoding: "utf8" });
  return Number(stdout) > 0 ? false : "this kernel runs no programs of 32 bits";
}

before(() => {
  if (skip !== false) return;
  execFileSync("sh", ["scripts/build.sh", "test/system/drivers/seccomp.ts", DRIVER]);
  const source = "test/system/drivers/seccomp-probe.c";
  execFileSync("musl-gcc", ["-O1", "-Wall", "-Werror", "-static", source, "-o", PROBE]);
});

after(() => {
  // LXC leaves its lock behind.
  for (const path of [folder, join("/run/lxc/lock", folder)]) rmSync(path, { recursive: true, force: true });
});

function nr(name: string, architecture = "x86_64"): number {
  const number = architectureNamed(architecture).numberOf(name);
  if (number < 0) throw new Error(`${architecture} has no ${name}`);
  return number;
}

let policies = 0;

function policyFile(lines: readonly string[]): string {
  policies++;
  const path = join(folder, `policy${policies}`);
  writeFileSync(path, `2\n${lines.join("\n")}\n`);
  return path;
}

/** The hardened policy with an errno of its own for kinds of sockets: a kernel that lacks them says EAFNOSUPPORT by itself. */
function hardenedWith(errno: number): string {
  const path = join(folder, "hardened");
  writeFileSync(path, readFileSync(HARDENED, "utf8").replaceAll("errno 97", `errno ${errno}`));
  return path;
}

/** The driver's lines, and `signal NAME` when it was ended by one. */
function drive(...words: readonly string[]): string[] {
  const result = spawnSync(DRIVER, words, { encoding: "utf8", timeout: 20_000, cwd: process.cwd() });
  if (result.error !== undefined) throw result.error;
  const lines = (result.stdout + result.stderr).split("\n").filter((line) => line !== "");
  return result.signal === null ? lines : [...lines, `signal ${result.signal}`];
}

/** What calls come to under a policy: a result, or a negative errno. */
function results(lines: readonly string[], calls: readonly string[], probe = PROBE): string[] {
  return drive("run", policyFile(lines), probe, ...calls);
}

const EPERM = "-1";
const ENOSYS = "-38";
/** Bad descriptors, so that a call that is let through does nothing. */
const EBADF = "-9";
const BAD = 999;

test("each action does what it says", { skip }, () => {
  const call = `${nr("fchdir")}:${BAD}`;
  const rule = (action: string): string[] => ["denylist", `fchdir ${action}`];
  deepEqual(results(rule("errno 1"), [call]), [EPERM]);
  deepEqual(results(rule("errno 0"), [call]), ["0"]);
  deepEqual(results(rule("errno 4095"), [call]), ["-4095"]);
  deepEqual(results(rule("log"), [call]), [EBADF]);
  deepEqual(results(["denylist"], [call]), [EBADF]);
  deepEqual(results(rule("kill"), [call]), ["signal SIGSYS"]);
  deepEqual(results(rule(""), [call]), ["signal SIGSYS"]);
  deepEqual(results(rule("trap"), [call]), ["signal SIGSYS"]);
  deepEqual(results(rule("trap"), ["trap", call]), [`trapped ${nr("fchdir")}`]);
});

test("kill ends the thread, kill_process all of them, and neither can be caught", { skip }, () => {
  const call = `${nr("fchdir")}:${BAD}`;
  deepEqual(results(["denylist", "fchdir kill"], ["thread", call]), ["the process lives"]);
  deepEqual(results(["denylist", "fchdir kill_process"], ["thread", call]), ["signal SIGSYS"]);
  deepEqual(results(["denylist", "fchdir kill"], ["trap", call]), ["signal SIGSYS"]);
});

test("each operator compares all 64 bits as numbers without a sign", { skip }, () => {
  const values = ["37", "38", "39", "0x100000025", "0x100000026", "0x7fffffffffffffff", "0xffffffffffffffff"];
  const calls = values.map((value) => `${nr("fchdir")}:${BAD}:${value}`);
  const marks = (comparison: string): string =>
    results(["denylist", `fchdir errno 1 [1,${comparison}]`], calls)
      .map((result) => (result === EPERM ? "x" : result === EBADF ? "." : result))
      .join("");
  deepEqual(
    [
      marks("38,=="),
      marks("38,!="),
      marks("38,<"),
      marks("38,<="),
      marks("38,>"),
      marks("38,>="),
      marks("38,&=,0xffffffff"),
      marks("0x100000026,<"),
      marks("0x100000026,SCMP_CMP_LE"),
      marks("0x100000025,SCMP_CMP_GT"),
      marks("0x7fffffffffffffff,>="),
      marks("18446744073709551615,SCMP_CMP_EQ"),
      marks("0x100000000,SCMP_CMP_MASKED_EQ,0x7fffffff00000000"),
    ],
    [
      ".x.....",
      "x.xxxxx",
      "x......",
      "xx.....",
      "..xxxxx",
      ".xxxxxx",
      ".x..x..",
      "xxxx...",
      "xxxxx..",
      "....xxx",
      ".....xx",
      "......x",
      "...xx..",
    ],
  );
});

test("comparisons of a line must all hold, and any line may decide", { skip }, () => {
  const lines = [
    "denylist",
    "fchdir errno 1 [1,16,==] [2,6,==]",
    "fchdir errno 2 [1,38,==]",
    "fchdir errno 3 [5,1,==]",
  ];
  const calls = ["16:6", "16:7", "17:6", "38", "0:0:0:0:1"].map((args) => `${nr("fchdir")}:${BAD}:${args}`);
  deepEqual(results(lines, calls), ["-1", EBADF, EBADF, "-2", "-3"]);
});

test("an allowlist lets through what it names, and its own action meets the rest", { skip }, () => {
  const needed = "execve brk mmap munmap arch_prctl set_tid_address rt_sigaction writev write ioctl exit_group exit";
  const names = `${needed} rt_sigprocmask prctl close`.split(" ");
  const calls = [`${nr("fchdir")}:${BAD}`, `${nr("getpid")}`];
  deepEqual(results(["allowlist errno 5", ...names, "fchdir"], calls), [EBADF, "-5"]);
  deepEqual(results(["whitelist", ...names, "fchdir"], calls), [EBADF, "signal SIGSYS"]);
});

const ROUND: readonly string[] = [
  "denylist",
  "[x86_64]",
  "fchdir errno 1",
  "readv errno 2",
  "fchown32 errno 3",
  "[arm64]",
  "getpid errno 4",
];

test("x32 is no way round a rule", { skip }, () => {
  const x32 = [nr("fchdir", "x32"), nr("readv", "x32"), nr("getpid", "x32")];
  const [first, second, third] = results(
    ROUND,
    x32.map((number) => `${number}:${BAD}`),
  );
  deepEqual([first, second], ["-1", "-2"]);
  // A kernel without x32 has no such call; with it, this is our number.
  ok(third === ENOSYS || Number(third) > 0, third);
});

test("x86 is no way round a rule", { skip: skipX86 }, () => {
  const x86 = [nr("fchdir", "x86"), nr("fchown32", "x86"), nr("fchown", "x86"), nr("getpid", "x86")];
  const seen = results(
    ROUND,
    x86.map((number) => `${number}:${BAD}`),
    PROBE_X86,
  );
  deepEqual(seen.slice(0, 3), ["-1", "-3", EBADF]);
  ok(Number(seen[3]) > 0, seen[3]);
});

test("socketcall and ipc are not ways round a rule either", { skip: skipX86 }, () => {
  const lines = ["denylist", "socket errno 1", "semget errno 2"];
  const direct = [`${nr("socket", "x86")}:1:1`, `${nr("semget", "x86")}:0:0`];
  const through = [`${nr("socketcall", "x86")}:1:0`, `${nr("socketcall", "x86")}:2:0`, `${nr("ipc", "x86")}:2:0`];
  const version = [`${nr("ipc", "x86")}:65538:0`, `${nr("ipc", "x86")}:24:999`];
  const EFAULT = "-14";
  const EINVAL = "-22";
  deepEqual(results(lines, [...direct, ...through, ...version], PROBE_X86), [
    "-1",
    "-2",
    "-1",
    EFAULT,
    "-2",
    "-2",
    EINVAL,
  ]);
});

/** A policy of version 1 with all numbers but that of fchdir. */
function numbersFile(): string {
  const path = join(folder, "numbers");
  const numbers = Array.from({ length: 335 }, (_, number) => number).filter((number) => number !== nr("fchdir"));
  writeFileSync(path, `1\nallowlist\n${numbers.join("\n")}\n`);
  return path;
}

test("version 1 kills what is of another architecture", { skip }, () => {
  const path = numbersFile();
  deepEqual(drive("run", path, PROBE, `${nr("fchmod")}:${BAD}`), [EBADF]);
  deepEqual(drive("run", path, PROBE, `${nr("fchdir")}:${BAD}`), ["signal SIGSYS"]);
  deepEqual(drive("run", path, PROBE, `${nr("fchmod", "x32")}:${BAD}`), ["signal SIGSYS"]);
});

test("version 1 kills what is of 32 bits", { skip: skipX86 }, () => {
  deepEqual(drive("run", numbersFile(), PROBE_X86, `${nr("fchmod", "x86")}:${BAD}`), ["signal SIGSYS"]);
});

test("a program as long as the kernel takes is loaded, and its far ends decide", { skip }, () => {
  const calls = Array.from({ length: 350 }, (_, at) => `ioctl errno ${at + 1} [1,${at},==]`);
  const lines = ["denylist", ...calls, "fchdir errno 1", "fchmod errno 2", "pidfd_getfd errno 3", "io_setup errno 4"];
  const made = ["fchdir", "fchmod", "pidfd_getfd", "io_setup", "fchown"].map((name) => `${nr(name)}:${BAD}`);
  const ioctls = [0, 1, 200, 349, 350, 2 ** 32].map((request) => `${nr("ioctl")}:${BAD}:${request}`);
  deepEqual(results(lines, [...made, ...ioctls]), [
    ...["-1", "-2", "-3", "-4", EBADF],
    ...["-1", "-2", "-201", "-350", EBADF, EBADF],
  ]);
});

test("who may load a filter, and whether one is seen", { skip }, () => {
  const policy = policyFile(["denylist", "fchdir errno 1"]);
  const busy =
    "cannot load the seccomp filter: seccomp: device or resource busy (EBUSY);   hint: a filter with notify is there already; only one of those that a process has may notify";
  deepEqual(drive("rights", policy), [
    "before false",
    "as root yes true",
    "as nobody cannot load the seccomp filter: seccomp: permission denied (EACCES);   hint: this needs CAP_SYS_ADMIN in the container, or lxc.no_new_privs = 1",
    "without new privileges yes",
    "first listener descriptor",
    `second listener ${busy}`,
  ]);
});

test("the hardened policy takes rare kinds of sockets away, by whatever upper bits, and leaves the others", {
  skip,
}, () => {
  const socket = (...args: readonly (string | number)[]): string => `${nr("socket")}:${args.join(":")}`;
  const denied = [
    socket(38, 5, 0),
    socket("0x100000026", 5, 0),
    socket(33, 2, 0),
    socket(15, 3, 2),
    socket(40, 1, 0),
    socket(16, 3, 6),
    socket("0xff00000010", 3, "0x100000006"),
    socket(30, 1, 0),
    `${nr("socketpair")}:30:1:0:0`,
  ];
  const marked = hardenedWith(4000);
  deepEqual(
    drive("run", marked, PROBE, ...denied),
    denied.map(() => "-4000"),
  );
  const others = [`${nr("keyctl")}:0:0`, `${nr("io_uring_setup")}:1:0`, `${nr("ioctl")}:0:0x5412:0`];
  deepEqual(drive("run", HARDENED, PROBE, ...others, `${nr("kexec_file_load")}`), [ENOSYS, ENOSYS, EPERM, EPERM]);
  const kept = [socket(1, 1, 0), socket(2, 1, 0), socket(10, 2, 0), socket(16, 3, 0), `${nr("bpf")}:0:0:0`];
  for (const result of drive("run", HARDENED, PROBE, ...kept.slice(0, 4))) ok(Number(result) > 2, result);
  // Past the filter the kernel itself looks at the arguments.
  equal(drive("run", HARDENED, PROBE, ...kept.slice(4)).includes(EPERM), false);
});

test("the hardened policy takes them away from programs of 32 bits, too", { skip: skipX86 }, () => {
  const narrow = [`${nr("socketcall", "x86")}:1:0`, `${nr("socket", "x86")}:38:5:0`];
  deepEqual(drive("run", hardenedWith(4000), PROBE_X86, ...narrow), [ENOSYS, "-4000"]);
});

test("exceptions take exactly their rules out of the hardened policy", { skip }, () => {
  const calls = ["38:5:0", "33:2:0", "16:3:6"].map((args) => `${nr("socket")}:${args}`);
  const excepted = "af_alg,netlink_xfrm,keyctl";
  const open = drive("except", hardenedWith(4000), excepted, PROBE, ...calls, `${nr("keyctl")}:99`, `${nr("add_key")}`);
  deepEqual(
    open.map((result) => ["-4000", ENOSYS].includes(result)),
    [false, true, false, false, true],
  );
  match(drive("except", HARDENED, "af_alc", PROBE, ...calls).join(), /did you mean af_alg\?/);
});

/** What a program gets whose fchdir is handed to a proxy; the question as the proxy sees it is checked and left out. */
function notified(modes: string, calls: readonly string[], timeoutMs = 5000): string[] {
  const policy = policyFile(["denylist", "fchdir notify"]);
  const lines = drive("notify", policy, String(timeoutMs), modes, PROBE, ...calls);
  const questions = lines.filter((line) => line.startsWith("asked"));
  const question =
    "asked 3 descriptors, monitor true, init true, sizes 80 24 64, folder true, memory true, id true, call 81, cookie cöokie 7";
  deepEqual([...new Set(questions)], modes === "missing" ? [] : [question]);
  return lines.filter((line) => !line.startsWith("asked"));
}

const HANDED = `${nr("fchdir")}:${BAD}`;
const END = "end code 0 signal 0";

test("a proxy decides on a call: with a result, an error, or by letting it go on", { skip }, () => {
  deepEqual(notified("answer", [HANDED, HANDED]), ["42", "42", END]);
  deepEqual(notified("errno", [HANDED]), ["-13", END]);
  deepEqual(notified("continue", [HANDED]), [EBADF, END]);
});

test("calls wait side by side, and are answered in any order", { skip }, () => {
  const calls = [1, 2, 3, 4].map((folder) => `${nr("fchdir")}:${folder}`);
  deepEqual(notified("together", ["together", ...calls]), ["42", "42", "42", "42", END]);
});

test("without a proxy a call is not there, and the next one tries again", { skip }, () => {
  const warning = "warning a system call fails with ENOSYS:";
  const refused = "warning cannot be connected to: connection refused (ECONNREFUSED)";
  deepEqual(
    notified("missing", [HANDED, HANDED]).sort(),
    [ENOSYS, ENOSYS, END, refused, refused, warning, warning].sort(),
  );
});

test("a proxy that dies with a call fails it, and the next call finds the next proxy", { skip }, () => {
  deepEqual(
    notified("die,answer", [HANDED, HANDED]).sort(),
    [ENOSYS, "42", END, "warning has gone; 1 calls fail"].sort(),
  );
});

for (const mode of ["lie", "short", "long", "reserved"]) {
  test(`a proxy whose answer is wrong (${mode}) is left, and the next call finds the next one`, { skip }, () => {
    const warning = "warning sent what is no answer; 1 calls fail";
    deepEqual(notified(`${mode},answer`, [HANDED, HANDED]).sort(), [ENOSYS, "42", END, warning].sort());
  });
}

test("a proxy that is too slow fails the call, and its late answer is not taken for that of the next one", {
  skip,
}, () => {
  const lines = notified("late", [HANDED, HANDED, HANDED], 500);
  const late = ["warning a system call fails with ENOSYS:", "warning has not answered in 500 ms"];
  deepEqual(lines.sort(), [ENOSYS, "42", "42", END, ...late].sort());
});

/** The programs that LXC loads for these policies, as strace shows them. */
function programsOfLxc(texts: readonly string[]): Uint8Array[] {
  const rootfs = join(folder, "rootfs");
  for (const name of ["bin", "dev", "etc", "proc", "sbin", "sys"]) mkdirSync(join(rootfs, name), { recursive: true });
  copyFileSync("/bin/busybox", join(rootfs, "bin/busybox"));
  copyFileSync("/usr/sbin/init.lxc.static", join(rootfs, "sbin/init.lxc.static"));
  return texts.map((text, at) => {
    const [policy, config, trace] = ["policy", "config", "trace"].map((name) => join(folder, `lxc-${name}-${at}`));
    writeFileSync(policy!, text);
    writeFileSync(config!, `lxc.rootfs.path = dir:${rootfs}\nlxc.seccomp.profile = ${policy}\n`);
    const execute = [
      "lxc-execute",
      "-P",
      folder,
      "-n",
      `lxcts-seccomp${at}`,
      "-f",
      config!,
      "--",
      "/bin/busybox",
      "true",
    ];
    const strace = ["strace", "-f", "-v", "-e", "trace=seccomp", "-o", trace!, ...execute];
    // Whatever hangs behind a policy ends with the first process of a pid namespace.
    const apart = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", ...strace];
    spawnSync("timeout", ["-s", "KILL", "20", ...apart], { stdio: "ignore" });
    return assembled(readFileSync(trace!, "utf8"));
  });
}

const CODES: Readonly<Record<string, number>> = {
  ...{ BPF_LD: 0, BPF_ALU: 4, BPF_JMP: 5, BPF_RET: 6, BPF_W: 0, BPF_ABS: 0x20, BPF_K: 0 },
  ...{ BPF_AND: 0x50, BPF_JA: 0, BPF_JEQ: 0x10, BPF_JGT: 0x20, BPF_JGE: 0x30 },
  ...{
    SECCOMP_RET_KILL_THREAD: 0,
    SECCOMP_RET_TRAP: 0x30000,
    SECCOMP_RET_ERRNO: 0x50000,
    SECCOMP_RET_ALLOW: 0x7fff0000,
  },
};

function assembled(trace: string): Uint8Array {
  const line = trace.split("\n").find((each) => each.includes("{len=")) ?? "";
  const statements = [...line.matchAll(/BPF_(?:STMT|JUMP)\(([^)]*)\)/g)].map((match) => match[1] ?? "");
  const bytes = new Uint8Array(statements.length * 8);
  statements.forEach((statement, at) => {
    const [code = "", k = "", jt = "0", jf = "0"] = statement.split(", ");
    const view = new DataView(bytes.buffer, at * 8, 8);
    view.setUint16(0, numberOf(code), true);
    view.setUint8(2, Number(jt));
    view.setUint8(3, Number(jf));
    view.setUint32(4, numberOf(k), true);
  });
  return bytes;
}

/** `BPF_LD|BPF_W|BPF_ABS` or `SECCOMP_RET_ERRNO|0x1`. */
function numberOf(words: string): number {
  const values = words.split("|").map((word) => CODES[word] ?? Number(word));
  ok(values.every(Number.isInteger), words);
  return values.reduce((all, value) => (all | value) >>> 0, 0);
}

/** Every call of x86_64 that libseccomp 2.5 knows but these: the container is to live behind it. */
function allBut(...names: readonly string[]): string[] {
  return architectureNamed("x86_64").names.filter(
    (name) => !names.includes(name) && nr(name) < 450 && !name.includes("probe"),
  );
}

const COMPARED: readonly string[] = [
  readFileSync("share/lxc/config/common.seccomp", "utf8").replace(/^#.*\n/gm, ""),
  `2\nallowlist errno 1\n[all]\n${allBut("bind", "acct", "swapon", "accept").join("\n")}\n[x86]\nchown32\n[x86_64]\nacct trap [2,7,>=]\n`,
  "2\nblacklist\nacct kill\n[arm]\nread kill\n[x32]\nioctl errno 25 [1,0x5412,==]\nioctl errno 25 [1,0x5413,==]\n",
  "2\ndenylist\n[all]\nacct errno 1 [2,5,<]\nswapon errno 2 [2,5,<=]\nswapoff errno 3 [1,5,!=]\nsysfs errno 4 [2,5,>] [3,6,&=,14]\n",
  "2\ndenylist\nacct errno 1 [1,5,==]\nacct errno 2\nacct errno 3\nkexec_file_load errno 4\nbdflush errno 5\n",
  `1\nallowlist\n${allBut("acct", "swapon")
    .map((name) => nr(name))
    .join("\n")}\n`,
];

/** Where we differ on purpose: LXC leaves calls of x86 alone that may be made through another as well. */
function isThrough(name: string): boolean {
  return multiplexerOf(name) !== undefined || name === "socketcall" || name === "ipc";
}

const skipWithoutLxc = existsSync("/usr/bin/lxc-execute") ? skip : "LXC's own tools are not here";

test("the programs decide as those that LXC loads for the same policies", { skip: skipWithoutLxc }, () => {
  const programs = programsOfLxc(COMPARED);
  const words = [0, 1, 4, 5, 6, 7, 14, 0x5412, 0x5413, 2 ** 32 + 5].map((low) => ({
    high: low > 2 ** 31 ? 1 : 0,
    low: low % 2 ** 32,
  }));
  COMPARED.forEach((text, at) => {
    ok(programs[at]!.length > 0, text);
    const ours = compilePolicy(readPolicy(text, "p"), "x86_64");
    for (const architecture of ["x86_64", "x32", "x86", "other"]) {
      const names = new Map(architectureNamed(architecture).numbers.map((number, i) => [number, i]));
      for (let low = 0; low < 560; low++) {
        const number = low + (architecture === "x32" ? 0x40000000 : 0);
        const name = architectureNamed(architecture).names[names.get(number) ?? -1] ?? "";
        if (architecture === "x86" && isThrough(name)) continue;
        for (const word of words) {
          const call = { architecture, number, args: [word, word, word, word, word, word] };
          const [our, their] = [ours, programs[at]!].map((program) => run(program, dataOf(call)).value);
          if (our !== their) equal(our, their, `${text.slice(0, 200)}${name} ${JSON.stringify(call)}`);
        }
      }
    }
  });
});

test("a policy of 200 rules is read and compiled in a moment", { skip }, () => {
  const names = architectureNamed("x86_64")
    .names.filter((name) => name !== "read")
    .slice(0, 170);
  const rules = names.map((name, at) => `${name} errno ${(at % 40) + 1}`);
  const compared = Array.from({ length: 30 }, (_, at) => `socket errno 97 [0,${at},&=,0xffffffff]`);
  const [size, times] = drive("time", policyFile(["denylist", "[all]", ...rules.slice(0, 170), ...compared]), "20");
  match(size ?? "", /^rules 200 warnings \d+ instructions \d+$/);
  const each = Number(/compile (\S+)$/.exec(times ?? "")?.[1]);
  // The aim is 2 ms of a processor; slow machines get some more.
  ok(each < 10, times);
});
