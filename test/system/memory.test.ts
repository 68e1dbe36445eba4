// What an idle monitor keeps of the memory that its start took.

import { equal, ok } from "node:assert/strict";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { after, test } from "node:test";
import { eventually, monitorPid, Place, skipWithoutRoot as skip } from "./host.ts";

const PAGE = 4096;
/** epoll_wait and epoll_pwait of x86_64, and epoll_pwait elsewhere (linux/unistd.h). */
const EPOLL_WAITS = ["232", "281", "22"];
const NAME = "lxcts-memory";
const place = new Place("memory");
after(() => place.remove());

/** How many pages of its stack a process has that waits for an event, other than those in use; undefined while it does something else. */
function unusedStackPages(pid: number): number | undefined {
  const [, start = ""] = /^([0-9a-f]+)-.*\[stack\]$/m.exec(readFileSync(`/proc/${pid}/maps`, "utf8")) ?? [];
  const [call = "", , , , , , , stackPointer = ""] = readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ");
  if (!EPOLL_WAITS.includes(call)) return undefined;
  const first = Number.parseInt(start, 16) / PAGE;
  const count = Math.floor(Number(stackPointer) / PAGE) - 1 - first;
  const entries = Buffer.alloc(count * 8);
  const fd = openSync(`/proc/${pid}/pagemap`, "r");
  equal(readSync(fd, entries, 0, entries.length, first * 8), entries.length);
  closeSync(fd);
  // Bit 63 says that it is in memory.
  return Array.from({ length: count }, (_, i) => entries.readBigUInt64LE(i * 8) >> 63n).filter((bit) => bit === 1n)
    .length;
}

function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

/** Nobody asks it anything meanwhile: that would take some of its stack again. */
function isGivenBack(pid: number): Promise<boolean> {
  return eventually(() => unusedStackPages(pid) === 0);
}

test("the monitor gives the stack of a start back, and that of a reboot", { skip }, async () => {
  place.create(NAME, "lxc.net.0.type = empty");
  const started = place.ours("lxc-start", "-n", NAME);
  equal(started.code, 0, started.err);
  const pid = monitorPid(place, NAME);
  ok(await isGivenBack(pid), `${unusedStackPages(pid)} pages`);
  const before = childrenOf(pid);
  equal(place.ours("lxc-stop", "-n", NAME, "-r").code, 0);
  ok(await eventually(() => ![before, ""].includes(childrenOf(pid)), 20_000));
  ok(await isGivenBack(pid), `${unusedStackPages(pid)} pages`);
});
