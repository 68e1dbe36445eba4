// The guest runner itself: what comes back from a command, and that nothing of a guest outlives its test.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../system/host.ts";
import { Guest, useGuest } from "./guest.ts";

const guest = useGuest({ backend: "uml" });

test("a command's status, output and errors come back as they are", async () => {
  const script = "printf 'a\\n\tä \\\\n '; echo b >&2; exit 7";
  deepEqual(await guest.exec(script), { status: 7, stdout: "a\n\tä \\n ", stderr: "b\n" });
  deepEqual(await guest.exec("true"), { status: 0, stdout: "", stderr: "" });
  deepEqual(await guest.exec("cat"), { status: 0, stdout: "", stderr: "" });
});

test("long scripts and long output are whole", async () => {
  const text = "0123\\45 78\t".repeat(10_000);
  equal(await guest.said(`cat << 'END'\n${text}\nEND`), text);
});

test("commands that are asked for at once run one after the other", async () => {
  const answers = await Promise.all([guest.said("sleep 0.3; echo a > /tmp/turn"), guest.said("cat /tmp/turn")]);
  deepEqual(answers, ["", "a"]);
});

test("what fails or complains does not pass for something said", async () => {
  await rejects(guest.said("echo out; exit 3"), /exited with 3: out/);
  await rejects(guest.said("echo no >&2"), /exited with 0: no/);
});

test("a command that does not end is ended", async () => {
  equal((await guest.exec("echo begun; sleep 100", 1)).status, 124);
  equal(await guest.said("echo still there"), "still there");
});

test("a guest that goes down in the middle of a command is missed, with the reason", async () => {
  const other = new Guest({ backend: "uml" });
  await other.up();
  try {
    await rejects(
      other.exec("echo b > /proc/sysrq-trigger; sleep 5"),
      /the guest is gone; its console:\n.*sysrq: Resetting/s,
    );
    await rejects(other.exec("true"), /the guest is gone/);
  } finally {
    await other.down();
  }
});

function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(mark));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

test("nothing of a guest outlives a test that is killed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lxcts-killed-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const mark = `lxcts.mark=${process.pid}`;
  const script = `import { Guest } from "./guest.ts";
const guest = new Guest({ backend: "uml", kernel: ["${mark}"] });
await guest.up();
console.log("up");
await guest.exec("sleep 100", 100);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", script], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  ok(processesWith(mark).length > 1);
  child.kill("SIGKILL");
  ok(await eventually(() => processesWith(mark).length === 0, 20_000), processesWith(mark).join("\n"));
  deepEqual(readdirSync(folder), []);
});
