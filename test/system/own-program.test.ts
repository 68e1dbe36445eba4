// What enters a container runs from a file that nobody can write through (CVE-2019-5736), by whichever way the kernel allows.

import { equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, symlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, Place } from "./host.ts";

const NAME = "lxcts-own-program";
const place = new Place("own-program");
/** A copy of our program that nothing else runs: one that runs is refused to writers for that alone. */
const tools = join(place.folder, "tools");

before(() => {
  mkdirSync(tools);
  copyFileSync(join(BIN, "../lxc"), join(tools, "lxc"));
  symlinkSync("lxc", join(tools, "lxc-attach"));
  place.create(NAME);
  equal(place.ours("lxc-start", "-n", NAME).code, 0);
});

after(() => {
  place.ours("lxc-stop", "-k", "-n", NAME);
  place.remove();
});

interface Seen {
  /** What the kernel says to whoever writes to its /proc/PID/exe, while it runs and when it has ended. */
  readonly running: string;
  readonly ended: string;
  /** The calls by which it went on as another program than it was begun as. */
  readonly calls: string;
}

function refusal(path: string): string {
  try {
    writeSync(openSync(path, "r+"), "#!");
    return "written";
  } catch (caught) {
    return (caught as NodeJS.ErrnoException).code ?? "";
  }
}

/** `lxc-attach` of a program that waits, with faults as strace(1) injects them. */
async function seenWith(...faults: readonly string[]): Promise<Seen> {
  const log = join(place.folder, "calls");
  const traced = ["-qq", "-o", log, "-e", "trace=execve,execveat,prctl,open_tree,memfd_create"];
  const injected = faults.flatMap((fault) => ["-e", `inject=${fault}`]);
  const words = ["-P", place.lxcpath, "-n", NAME, "--", "/bin/cat"];
  const tracer = spawn("strace", [...traced, ...injected, join(tools, "lxc-attach"), ...words], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  tracer.stdin.write("here\n");
  let said = "";
  tracer.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  ok(await eventually(() => said === "here\n", 10_000), said);
  const pid = readFileSync(`/proc/${tracer.pid}/task/${tracer.pid}/children`, "utf8").trim();
  const path = `/proc/${pid}/exe`;
  const running = refusal(path);
  const kept = openSync(path, "r");
  const ended = new Promise((done) => tracer.on("exit", done));
  tracer.stdin.end();
  await ended;
  const seen = { running, ended: refusal(`/proc/self/fd/${kept}`), calls: readFileSync(log, "utf8") };
  closeSync(kept);
  return seen;
}

function equalProtected(seen: Seen): void {
  match(seen.running, /^(EROFS|ETXTBSY)$/);
  equal(seen.ended, "EROFS");
}

test("it becomes the file on a mount that is read-only, without being executed again", async () => {
  const seen = await seenWith();
  equalProtected(seen);
  equal(seen.calls.match(/execve/g)?.length, 1);
  match(seen.calls, /prctl\(PR_SET_MM, PR_SET_MM_MAP, .*\) = 0/);
});

test("where the kernel does not take another file for what runs, that is executed", async () => {
  const seen = await seenWith("prctl:error=EINVAL:when=1");
  equalProtected(seen);
  match(seen.calls, /^prctl\(PR_SET_MM, .*INJECTED.*\nexecveat\(/m);
});

test("where no mount can be made, it is executed from a sealed copy in memory", async () => {
  const seen = await seenWith("open_tree:error=EPERM");
  equal(seen.running, "ETXTBSY");
  equal(seen.ended, "EPERM");
  match(seen.calls, /memfd_create\(.*\nexecveat\(/);
});
