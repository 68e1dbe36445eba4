// The dnsmasq that serves a bridge: found by what it is and how it was started, never by a number in a file, and ended.

import { LxcError } from "../../base/errors.ts";
import { baseName } from "../../base/path.ts";
import { wholeNumberIn } from "../../base/text.ts";
import { SIGKILL, SIGTERM } from "../../kernel/abi/signal.ts";
import { closeFd, listDirectory, removeFile, tryReadLink, tryReadText } from "../../kernel/files.ts";
import { effectiveUser, sendSignal, tryOpenProcess } from "../../kernel/process.ts";
import { POLLIN, waitFor } from "../../kernel/waiting.ts";
import { DNSMASQ_PID_FILE, interfaceWord, pidFileWord } from "./dnsmasq.ts";

const END_TIMEOUT_MS = 5000;

/** Those of this bridge in our network namespace, LXC's own included. */
export function dnsmasqsOf(bridge: string): number[] {
  const network = tryReadLink("/proc/self/ns/net") ?? "";
  const found: number[] = [];
  for (const name of listDirectory("/proc")) {
    const pid = wholeNumberIn(name);
    if (pid !== undefined && isDnsmasqOf(bridge, pid, network)) found.push(pid);
  }
  return found;
}

function isDnsmasqOf(bridge: string, pid: number, network: string): boolean {
  const words = wordsOf(pid);
  if (!words.includes(interfaceWord(bridge)) || !words.includes(pidFileWord())) return false;
  // Who may not look closer only tells of it.
  if (effectiveUser() !== 0) return baseName(`${words[0] ?? ""}`) === "dnsmasq";
  return programOf(pid) === "dnsmasq" && tryReadLink(`/proc/${pid}/ns/net`) === network;
}

function wordsOf(pid: number): string[] {
  try {
    return (tryReadText(`/proc/${pid}/cmdline`) ?? "").split("\0");
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

/** The name of the file that a process runs; "" when that is not known. */
export function programOf(pid: number): string {
  const path = tryReadLink(`/proc/${pid}/exe`) ?? "";
  // An update may have taken the file's place.
  return baseName(path.endsWith(" (deleted)") ? path.slice(0, -" (deleted)".length) : path);
}

/** Ends every one of them, and takes the file with its number away. */
export function endDnsmasqsOf(bridge: string): void {
  const network = tryReadLink("/proc/self/ns/net") ?? "";
  for (const pid of dnsmasqsOf(bridge)) {
    const pidfd = tryOpenProcess(pid);
    if (pidfd < 0) continue;
    try {
      // Only now is it sure that the number is still that process's.
      if (isDnsmasqOf(bridge, pid, network)) endProcess(pidfd, pid);
    } finally {
      closeFd(pidfd);
    }
  }
  removeFile(DNSMASQ_PID_FILE);
}

function endProcess(pidfd: number, pid: number): void {
  if (!sendSignal(pidfd, SIGTERM) || waitFor(pidfd, POLLIN, END_TIMEOUT_MS)) return;
  sendSignal(pidfd, SIGKILL);
  if (waitFor(pidfd, POLLIN, END_TIMEOUT_MS)) return;
  throw new LxcError("timed-out", `end dnsmasq (process ${pid})`, "it does not end", {
    hint: `see what it waits for: cat /proc/${pid}/stack`,
  });
}
