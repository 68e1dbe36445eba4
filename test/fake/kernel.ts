// A kernel that does nothing, says yes, and writes down what it was asked, like strace. Runs under Node only.

import { openHow } from "../../src/kernel/abi/fs.ts";
import { cloneArgs } from "../../src/kernel/abi/sched.ts";
import { SYS } from "../../src/kernel/abi/syscalls.ts";
import { cString, textOf } from "../../src/kernel/memory.ts";

/** Decides the result of one call; `bytesAt` gives the memory behind an argument. */
export type Answer = (args: readonly number[], bytesAt: (address: number) => Uint8Array) => number;

type Kind = "text" | "hex" | "octal" | "number" | "buffer" | "strings" | "clone" | "how";
const SHAPES: Readonly<Record<string, readonly Kind[]>> = {
  brk: ["number"],
  capget: ["buffer", "buffer"],
  capset: ["buffer", "buffer"],
  chdir: ["text"],
  clone3: ["clone", "number"],
  close: ["number"],
  close_range: ["number", "hex", "hex"],
  dup2: ["number", "number"],
  epoll_ctl: ["number", "number", "number", "buffer"],
  execve: ["text", "strings", "strings"],
  exit_group: ["number"],
  fchdir: ["number"],
  fchmod: ["number", "octal"],
  fchown: ["number", "number", "number"],
  fsconfig: ["number", "number", "text", "text", "number"],
  fsmount: ["number", "number", "hex"],
  fsopen: ["text", "hex"],
  getdents64: ["number", "buffer", "number"],
  ioctl: ["number", "hex"],
  keyctl: ["number", "number"],
  linkat: ["number", "text", "number", "text"],
  mkdirat: ["number", "text", "octal"],
  mknodat: ["number", "text", "octal", "number"],
  mount: ["text", "text", "text", "hex", "text"],
  mount_setattr: ["number", "text", "hex", "buffer", "number"],
  move_mount: ["number", "text", "number", "text", "hex"],
  open_tree: ["number", "text", "hex"],
  openat: ["number", "text", "hex", "octal"],
  openat2: ["number", "text", "how", "number"],
  pidfd_send_signal: ["number", "number"],
  pivot_root: ["text", "text"],
  prctl: ["number", "number"],
  read: ["number", "buffer", "number"],
  recvfrom: ["number", "buffer", "number", "hex"],
  recvmsg: ["number"],
  rt_sigprocmask: ["number", "buffer"],
  sendmsg: ["number"],
  sendto: ["number", "buffer", "number", "hex"],
  sethostname: ["buffer", "number"],
  setgroups: ["number"],
  setresgid: ["number", "number", "number"],
  setresuid: ["number", "number", "number"],
  setsid: [],
  socket: ["number", "hex", "number"],
  socketpair: ["number", "hex", "number", "buffer"],
  statx: ["number", "text", "hex", "hex"],
  symlinkat: ["text", "number", "text"],
  umask: ["octal"],
  umount2: ["text", "hex"],
  unlinkat: ["number", "text", "hex"],
  unshare: ["hex"],
  wait4: ["number", "buffer"],
  waitid: ["number", "number"],
  write: ["number", "buffer", "number"],
};

/** Calls that make a descriptor. Without another answer they count up from here. */
const OPENING: readonly string[] = [
  "accept4",
  "epoll_create1",
  "fsmount",
  "fsopen",
  "open_tree",
  "openat",
  "openat2",
  "pidfd_open",
  "signalfd4",
  "socket",
];
const FIRST_FD = 20;

const PAGE = 0x100000;

/** Thrown where a real process would end. */
export class Exited extends Error {}

export class FakeKernel {
  readonly transcript: string[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #addresses = new Map<Uint8Array, number>();
  readonly #texts = new Map<string, Uint8Array>();
  readonly #memory: Uint8Array[] = [];
  #nextFd = FIRST_FD;

  /** `what` is a transcript line, or only the name of a call. */
  on(what: string, answer: Answer | number): void {
    this.#answers.set(what, typeof answer === "number" ? () => answer : answer);
  }

  addressOf(bytes: Uint8Array): number {
    const known = this.#addresses.get(bytes);
    if (known !== undefined) return known;
    const address = this.#memory.push(bytes) * PAGE;
    this.#addresses.set(bytes, address);
    return address;
  }

  addressOfText(text: string): number {
    const bytes = this.#texts.get(text) ?? cString(text);
    this.#texts.set(text, bytes);
    return this.addressOf(bytes);
  }

  syscall(nr: number, ...args: number[]): number {
    const name = Object.entries(SYS).find(([, number]) => number === nr)?.[0] ?? `call ${nr}`;
    const shown = (SHAPES[name] ?? []).map((kind, i) => this.#show(kind, args[i] ?? 0));
    const line = `${name}(${shown.join(", ")})`;
    this.transcript.push(line);
    if (name === "exit_group") throw new Exited();
    const answer = this.#answers.get(line) ?? this.#answers.get(name);
    if (answer === undefined && OPENING.includes(name)) return this.#nextFd++;
    return answer === undefined ? 0 : answer(args, (address) => this.#bytesAt(address));
  }

  #bytesAt(address: number): Uint8Array {
    return this.#memory[address / PAGE - 1] ?? new Uint8Array(0);
  }

  #show(kind: Kind, value: number): string {
    if (kind === "hex") return `0x${value.toString(16)}`;
    if (kind === "number") return String(value);
    if (kind === "octal") return `0${value.toString(8)}`;
    if (value === 0) return "-";
    const bytes = this.#bytesAt(value);
    if (kind === "clone") return `flags=0x${cloneArgs.flags.get(bytes).toString(16)}`;
    if (kind === "how") return `flags=0x${openHow.flags.get(bytes).toString(16)}`;
    if (kind === "strings") return `[${this.#strings(bytes).join(", ")}]`;
    const text = new TextDecoder().decode(bytes);
    return kind === "text"
      ? text.slice(0, -1)
      : /^[^\0]/.test(text)
        ? `"${text.replace(/\0+$/, "").replaceAll("\0", "|")}"`
        : "buffer";
  }

  #strings(pointers: Uint8Array): string[] {
    const view = new DataView(pointers.buffer, pointers.byteOffset, pointers.byteLength);
    const texts: string[] = [];
    for (let at = 0; at < view.byteLength - 8; at += 8)
      texts.push(this.#show("text", Number(view.getBigUint64(at, true))));
    return texts;
  }
}

/** From here on, this is the kernel. */
export function fakeKernel(): FakeKernel {
  const kernel = new FakeKernel();
  Object.assign(globalThis, {
    syscall: kernel.syscall.bind(kernel),
    addressOf: kernel.addressOf.bind(kernel),
    addressOfText: kernel.addressOfText.bind(kernel),
    matches,
    giveBack: () => 0,
    environment,
  });
  return kernel;
}

function environment(bytes: Uint8Array): number {
  const variables = Object.entries(process.env).map(([name, value]) => `${name}=${value}\0`);
  const all = Buffer.from(variables.join(""));
  if (all.length <= bytes.length) bytes.set(all);
  return all.length;
}

/** The C library's regular expressions, by the language's own: the same for all that tests ask of them here. */
function matches(pattern: Uint8Array, text: Uint8Array): number {
  try {
    return new RegExp(textOf(pattern)).test(textOf(text)) ? 1 : 0;
  } catch {
    return -1;
  }
}
