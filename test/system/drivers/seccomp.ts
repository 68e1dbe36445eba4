// Drives seccomp natively for test/system/seccomp.test.ts: one word says what, and lines say what was seen.

import { asLxcError, describe } from "../../../src/base/errors.ts";
import { hostArchitecture } from "../../../src/isolation/seccomp/architectures.ts";
import { compilePolicy } from "../../../src/isolation/seccomp/compile.ts";
import { withExceptions } from "../../../src/isolation/seccomp/exceptions.ts";
import { isFiltered, loadFilter, wantsListener } from "../../../src/isolation/seccomp/load.ts";
import { idKey, responseIn } from "../../../src/isolation/seccomp/notify.ts";
import { readNotifySizes } from "../../../src/isolation/seccomp/notify-listener.ts";
import { NotifyProxy } from "../../../src/isolation/seccomp/notify-proxy.ts";
import { readPolicy } from "../../../src/isolation/seccomp/read.ts";
import { policyWarnings } from "../../../src/isolation/seccomp/warnings.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_SEQPACKET } from "../../../src/kernel/abi/socket.ts";
import { Layout } from "../../../src/kernel/abi/struct.ts";
import { SYS } from "../../../src/kernel/abi/syscalls.ts";
import { call, tryCall } from "../../../src/kernel/call.ts";
import { becomeUser, giveUpNewPrivileges } from "../../../src/kernel/credentials.ts";
import { EventLoop } from "../../../src/kernel/event-loop.ts";
import { closeFd, readText, tryReadTextAt } from "../../../src/kernel/files.ts";
import { bytesOfText, textOf } from "../../../src/kernel/memory.ts";
import {
  type Child,
  cloneProcess,
  currentPid,
  dieWithParent,
  exitNow,
  type ProcessEnd,
  tryExec,
  waitForEnd,
} from "../../../src/kernel/process.ts";
import { type Received, receiveMessage, sendMessage, socketPair } from "../../../src/kernel/sockets.ts";

const CLOCK_PROCESS_CPUTIME_ID = 2;
const SIGKILL = 9;
const numbers = new Layout();
const int = numbers.i32();
const short = new Layout().u16();

function programOf(file: string, exceptions: readonly string[]): Uint8Array {
  return compilePolicy(withExceptions(readPolicy(readText(file), file), exceptions), hostArchitecture("x86_64"));
}

/** `run POLICY PROGRAM ARGS`: the program behind the policy, in place of us. */
function run(file: string, exceptions: readonly string[], words: readonly string[]): void {
  loadFilter(programOf(file, exceptions), false);
  execute(words);
}

function execute(words: readonly string[]): void {
  const result = tryExec(words[0] ?? "", words, ["PATH=/usr/bin:/bin"]);
  console.log(`cannot run ${words[0]}: ${result}`);
  exitNow(126);
}

/** Whether a filter is seen: before, and behind one; and who may load one. */
function rights(file: string): void {
  const program = programOf(file, []);
  console.log(`before ${isFiltered()}`);
  console.log(`as root ${attempt(() => loadFilter(program, false))} ${isFiltered()}`);
  becomeUser(65534);
  console.log(`as nobody ${attempt(() => loadFilter(program, false))}`);
  giveUpNewPrivileges();
  console.log(`without new privileges ${attempt(() => loadFilter(program, false))}`);
  console.log(`first listener ${attempt(() => loadFilter(program, true))}`);
  console.log(`second listener ${attempt(() => loadFilter(program, true))}`);
}

function attempt(load: () => number): string {
  try {
    return load() >= 0 ? "descriptor" : "yes";
  } catch (caught) {
    return describe(asLxcError(caught as Error)).join("; ");
  }
}

/** `time POLICY COUNT`: milliseconds to read and compile, at first and then on average. */
function time(file: string, count: number): void {
  const text = readText(file);
  const started = nowMs();
  const policy = readPolicy(text, file);
  const warned = policyWarnings(policy, "x86_64").length;
  const read = nowMs();
  const size = compilePolicy(policy, "x86_64").length / 8;
  const compiled = nowMs();
  for (let i = 0; i < count; i++) compilePolicy(readPolicy(text, file), "x86_64");
  const each = (nowMs() - compiled) / count;
  const first = `read and warnings ${(read - started).toFixed(3)} compile ${(compiled - read).toFixed(3)}`;
  console.log(`rules ${policy.rules.length} warnings ${warned} instructions ${size}`);
  console.log(`ms first: ${first}; again: read and compile ${each.toFixed(3)}`);
}

const clock = new Layout();
const seconds = clock.u64();
const nanoseconds = clock.u64();

/** Of the processor, for us alone: other processes do not matter. */
function nowMs(): number {
  const bytes = new Uint8Array(16);
  call("read the clock", "clock_gettime", CLOCK_PROCESS_CPUTIME_ID, bytes);
  return seconds.get(bytes) * 1000 + nanoseconds.get(bytes) / 1e6;
}

/**
 * `notify POLICY TIMEOUT MODES PROGRAM ARGS`: the program behind the policy, the monitor's side here, and a proxy in another
 * process whose nth connection behaves as the nth of MODES says; `missing` for no proxy.
 */
function notify(words: readonly string[]): void {
  const address = `@lxcts-seccomp-${currentPid()}`;
  const modes = (words[2] ?? "").split(",");
  const proxy = modes[0] === "missing" ? undefined : startProxy(address, modes);
  const channel = socketPair();
  const child = cloneProcess(0, -1);
  if (child.pid === 0) becomeGuest(words[0] ?? "", channel.right, words.slice(3));
  closeFd(channel.right);
  const listener = receiveMessage(channel.left, 16).descriptors[0] ?? -1;
  const end = serve(listener, address, parseInt(words[1] ?? "0", 10), child);
  console.log(`end code ${end.code} signal ${end.signal}`);
  if (proxy === undefined) return;
  tryCall(SYS.pidfd_send_signal, proxy.pidfd, SIGKILL, 0, 0);
  waitForEnd(proxy.pid);
}

function becomeGuest(file: string, channel: number, words: readonly string[]): void {
  const policy = readPolicy(readText(file), file);
  const listener = loadFilter(compilePolicy(policy, "x86_64"), wantsListener(policy));
  sendMessage(channel, bytesOfText("listener"), [listener]);
  closeFd(listener);
  execute(words);
}

function serve(listener: number, address: string, timeoutMs: number, child: Child): ProcessEnd {
  const loop = new EventLoop();
  const warn = (message: string): void => {
    for (const part of message.split(address)) if (part !== "") console.log(`warning ${part.trim()}`);
  };
  const options = {
    address,
    cookie: "cöokie",
    monitorPid: currentPid(),
    initPid: child.pid,
    timeoutMs,
    warn,
  };
  const proxy = new NotifyProxy(loop, options);
  if (proxy.add(listener) < 0) throw new Error("no listener");
  loop.watch(child.pidfd, () => loop.stop());
  loop.run();
  proxy.close();
  return waitForEnd(child.pid);
}

/** `proxy ADDRESS MODES`: the proxy alone, until it is ended or has had a connection for each of MODES. */
function proxyAlone(address: string, modes: readonly string[]): void {
  const proxy = startProxy(address, modes);
  console.log("ready");
  waitForEnd(proxy.pid);
}

function startProxy(address: string, modes: readonly string[]): Child {
  const socket = call("make a socket", "socket", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const name = bytesOfText(address);
  const bytes = new Uint8Array(2 + name.length);
  short.put(bytes, AF_UNIX);
  bytes.set(name, 2);
  bytes[2] = 0;
  call("bind a socket", "bind", socket, bytes, bytes.length);
  call("listen", "listen", socket, 5);
  const child = cloneProcess(0, -1);
  if (child.pid > 0) {
    closeFd(socket);
    return child;
  }
  dieWithParent(SIGKILL);
  for (const mode of modes) {
    const connection = call("accept a connection", "accept4", socket, 0, 0, SOCK_CLOEXEC);
    serveConnection(connection, mode);
    closeFd(connection);
  }
  exitNow(0);
}

/** Answers each message in its own way, until the other side has gone. */
function serveConnection(connection: number, mode: string): void {
  const held: Received[] = [];
  for (;;) {
    const received = receiveMessage(connection, 4096);
    if (received.bytes.length === 0) return;
    console.log(messageText(received));
    if (mode === "die") return;
    if (mode === "together") {
      held.push(received);
      if (held.length < 4) continue;
      for (let at = held.length - 1; at >= 0; at--) answer(connection, held[at]!.bytes, "answer");
      continue;
    }
    // The first one is late, and those behind it are in time.
    if (mode === "late" && held.length === 0) new EventLoop().turn(700);
    held.push(received);
    if (mode !== "silent") answer(connection, received.bytes, mode);
    for (const descriptor of received.descriptors) closeFd(descriptor);
  }
}

function answer(connection: number, question: Uint8Array, mode: string): void {
  const size = 32 + 80 + 24;
  const message = question.slice(0, mode === "short" ? size - 1 : size);
  // The response: id, val, error, flags.
  if (mode === "answer" || mode === "late") message[120] = 42;
  if (mode === "errno") int.put(message.subarray(128), -13);
  if (mode === "continue") message[132] = 1;
  if (mode === "lie") message[112] = message[112]! ^ 1;
  if (mode === "reserved") message[3] = 1;
  sendMessage(connection, mode === "long" ? question : message);
}

/** What a proxy may rely on. */
function messageText(received: Received): string {
  const { bytes, descriptors } = received;
  const sizes = [16, 18, 20].map((at): number => short.get(bytes.subarray(at)));
  const known = readNotifySizes();
  const monitor = int.get(bytes.subarray(8));
  const pid = int.get(bytes.subarray(32 + 8));
  const folder = tryReadTextAt(descriptors[0] ?? -1, "status") ?? "";
  const memory = new Uint8Array(1);
  const isMemory =
    tryCall(SYS.lseek, descriptors[1] ?? -1, 0x400000, 0) >= 0 &&
    tryCall(SYS.read, descriptors[1] ?? -1, memory, 1) === 1;
  const response = responseIn(bytes.slice(0, 136), known);
  const isSame = response !== undefined && idKey(response) === idKey(bytes.slice(32));
  const words = [
    `asked ${descriptors.length} descriptors`,
    `monitor ${monitor === parentPid()}`,
    `init ${int.get(bytes.subarray(12)) > monitor}`,
    `sizes ${sizes.join(" ")}`,
    `folder ${folder.includes(`\nPid:\t${pid}\n`)}`,
    `memory ${isMemory}`,
    `id ${isSame}`,
    `call ${int.get(bytes.subarray(32 + 16))}`,
    `cookie ${textOf(bytes.slice(136))} ${bytes[24]!}`,
  ];
  return words.join(", ");
}

function parentPid(): number {
  const status = readText("/proc/self/status");
  const at = status.indexOf("\nPPid:\t");
  return parseInt(status.slice(at + 7, status.indexOf("\n", at + 7)), 10);
}

const words = process.argv.slice(2);
try {
  const rest = words.slice(2);
  if (words[0] === "run") run(words[1] ?? "", [], rest);
  else if (words[0] === "except") run(words[1] ?? "", (rest[0] ?? "").split(","), rest.slice(1));
  else if (words[0] === "rights") rights(words[1] ?? "");
  else if (words[0] === "time") time(words[1] ?? "", parseInt(rest[0] ?? "1", 10));
  else if (words[0] === "proxy") proxyAlone(words[1] ?? "", (rest[0] ?? "").split(","));
  else if (words[0] === "notify") notify(words.slice(1));
} catch (caught) {
  for (const line of describe(asLxcError(caught as Error))) console.log(line);
  process.exit(1);
}
