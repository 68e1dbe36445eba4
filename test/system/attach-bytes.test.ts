// lxc-attach carries bytes, keys and signals as they are: pipes, terminals, and every mixture of them.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, Place, skipWithoutRoot as skip } from "./host.ts";

const place = new Place("bytes");
const NAME = "lxcts-bytes";
const MIB = 1024 * 1024;

before(() => {
  if (skip !== false) return;
  place.create(NAME, "lxc.pty.max = 64");
  equal(place.ours("lxc-start", "-n", NAME).err, "");
});
after(() => place.remove());

const ATTACH = `${join(BIN, "lxc-attach")} -P ${place.lxcpath} -n ${NAME} --`;

/** A terminal of 80 to 24 with a shell that runs `line`, from util-linux's script. */
class Screen {
  readonly #caller: ChildProcessWithoutNullStreams;
  readonly #end: Promise<number>;
  text = "";

  constructor(line: string) {
    this.#caller = spawn("script", ["-qec", `stty cols 80 rows 24; ${line}`, "/dev/null"]);
    this.#caller.stdout.on("data", (bytes: Buffer) => {
      this.text += bytes.toString("latin1");
    });
    this.#end = once(this.#caller, "close").then(([code]) => Number(code));
  }

  async shows(text: string | RegExp): Promise<void> {
    const seen = () => (typeof text === "string" ? this.text.includes(text) : text.test(this.text));
    ok(await eventually(seen, 15_000), `${text} is not in ${JSON.stringify(this.text.slice(-2000))}`);
  }

  press(keys: string): void {
    this.#caller.stdin.write(keys);
  }

  async code(): Promise<number> {
    const late = AbortSignal.timeout(20_000);
    const stuck = once(late, "abort").then(() => {
      this.#caller.kill("SIGKILL");
      throw new Error(`still there: ${JSON.stringify(this.text.slice(-2000))}`);
    });
    return Promise.race([this.#end, stuck]);
  }
}

test("a gibibyte passes through pipes unchanged, both ways", { skip, timeout: 120_000 }, async () => {
  const block = randomBytes(4 * MIB);
  const [sent, got] = [createHash("sha1"), createHash("sha1")];
  const caller = spawn("sh", ["-c", `exec ${ATTACH} cat`]);
  let length = 0;
  caller.stdout.on("data", (bytes: Buffer) => {
    got.update(bytes);
    length += bytes.length;
  });
  for (let count = 0; count < 256; count++) {
    sent.update(block);
    if (!caller.stdin.write(block)) await once(caller.stdin, "drain");
  }
  caller.stdin.end();
  deepEqual(await once(caller, "close"), [0, null]);
  equal(length, 1024 * MIB);
  equal(got.digest("hex"), sent.digest("hex"));
});

test("64 MiB pass through a terminal unchanged, to the screen and from the keyboard", {
  skip,
  timeout: 120_000,
}, async () => {
  const made = join(place.lxcpath, NAME, "rootfs/random");
  spawnSync("dd", ["if=/dev/urandom", `of=${made}`, "bs=1M", "count=64", "status=none"]);
  const sum = spawnSync("sha1sum", [made], { encoding: "utf8" }).stdout.slice(0, 40);
  const screen = spawn("script", ["-qec", `${ATTACH} sh -c 'stty raw -echo; cat /random'`, "/dev/null"]);
  const got = createHash("sha1");
  screen.stdout.on("data", (bytes: Buffer) => got.update(bytes));
  deepEqual(await once(screen, "close"), [0, null]);
  equal(got.digest("hex"), sum);
  const said = join(place.folder, "said");
  const inside = "stty raw -echo; echo ready; head -c 67108864 | sha1sum; echo over";
  const until = (text: string) => `until grep -q ${text} ${said}; do sleep 0.05; done`;
  const keyboard = `(${until("ready")}; cat ${made}; ${until("over")})`;
  writeFileSync(said, "");
  spawnSync("sh", ["-c", `${keyboard} | script -qec "${ATTACH} sh -c '${inside}'" /dev/null > ${said}`], {
    timeout: 60_000,
  });
  match(readFileSync(said, "utf8"), new RegExp(`ready\\s+${sum} .*\\s+over`));
});

test("only what is a terminal becomes one inside, in each of the eight ways", { skip }, async () => {
  const inside = "'exec 3> /seen; for n in 0 1 2; do test -t $n && printf $n >&3; done; echo >&3'";
  for (let terminals = 0; terminals < 8; terminals++) {
    const redirections = ["< /dev/null", "> /dev/null", "2> /dev/null"].filter((_, n) => (terminals & (1 << n)) === 0);
    const expected = [0, 1, 2].filter((n) => (terminals & (1 << n)) !== 0).join("");
    equal(await new Screen(`${ATTACH} sh -c ${inside} ${redirections.join(" ")}`).code(), 0);
    const seen = place.ours("lxc-attach", "-n", NAME, "--", "cat", "/seen").out;
    equal(seen, `${expected}\n`, redirections.join(" "));
  }
});

test("ctrl-Z stops a job of the shell inside, and fg lets it go on; ctrl-D ends the shell", { skip }, async () => {
  const screen = new Screen(`${ATTACH} /bin/sh -i; echo code $?`);
  await screen.shows("# ");
  screen.press("sh -c 'echo go; exec cat'\r");
  await screen.shows("\r\ngo\r\n");
  screen.press("one\r");
  await screen.shows(/one\r\none\r\n/);
  screen.press("\x1a");
  await screen.shows(/Stopped +sh -c/);
  screen.press("fg\r");
  await screen.shows(/fg\r\nsh -c/);
  screen.press("two\r");
  await screen.shows(/two\r\ntwo\r\n/);
  screen.press("\x04");
  screen.press("exit 7\r");
  equal(await screen.code(), 0);
  match(screen.text, /code 7\r\n$/);
});

test("ctrl-C is for the program inside, and ctrl-\\ too", { skip }, async () => {
  const screen = new Screen(
    `${ATTACH} sh -c 'trap "echo got INT" INT; trap "echo got QUIT; exit 3" QUIT; echo ready; while :; do sleep 0.1; done'; echo code $?`,
  );
  await screen.shows("ready");
  screen.press("\x03");
  await screen.shows("got INT");
  screen.press("\x1c");
  equal(await screen.code(), 0);
  match(screen.text, /got QUIT\r\ncode 3\r\n$/);
});

test("a window that changes its size does so inside", { skip }, async () => {
  const inside = "'trap \"stty size; exit\" WINCH; stty size; echo ready; while :; do sleep 0.1; done'";
  const screen = new Screen(`(sleep 1; stty cols 133 rows 50 < /dev/tty) & ${ATTACH} sh -c ${inside}`);
  await screen.shows("ready");
  equal(await screen.code(), 0);
  match(screen.text, /24 80\r\nready\r\n50 133\r\n/);
});

test("the caller's terminal is as it was, whichever way it ends", { skip }, async () => {
  const kinds = ["true", "sh -c 'kill -9 $$'", "sh -c 'echo ready; sleep 15'"];
  for (const [index, command] of kinds.entries()) {
    const screen = new Screen(
      `stty -g > ${place.folder}/before; ${ATTACH} ${command}; stty -g | cmp - ${place.folder}/before && echo same`,
    );
    if (index === 2) {
      await screen.shows("ready");
      const pid = spawnSync("pgrep", ["-f", `lxc-attach -P ${place.lxcpath}.*sleep 15$`], { encoding: "utf8" }).stdout;
      for (const one of pid
        .trim()
        .split("\n")
        .filter((text) => text !== "")) {
        const isTool = spawnSync("readlink", [`/proc/${one}/exe`], { encoding: "utf8" }).stdout.includes("lxc");
        if (isTool) process.kill(Number(one), "SIGTERM");
      }
    }
    await screen.code();
    match(screen.text, /same/, command);
  }
});

test("a pipe whose reader has gone ends the program, one whose writer has gone is its end", { skip }, () => {
  const run = (line: string) => spawnSync("bash", ["-c", line], { encoding: "utf8", timeout: 20_000 });
  equal(run(`${ATTACH} yes | head -n 1; echo \${PIPESTATUS[0]}`).stdout, "y\n141\n");
  equal(run(`printf 'a\\nb' | ${ATTACH} cat`).stdout, "a\nb");
  equal(run(`${ATTACH} sh -c 'exec < /dev/null; sleep 0.2; echo still' < <(sleep 5)`).stdout, "still\n");
  equal(run(`${ATTACH} sh -c 'exec >&-; sleep 0.2; echo late >&2' 2>&1 >/dev/null`).stdout, "late\n");
  equal(run(`${ATTACH} sh -c 'echo out; echo err >&2' 2>/dev/null`).stdout, "out\n");
});

test("descriptors that are closed do not become anything of ours", { skip }, () => {
  const inside = "exec 5> /open; for n in 0 1 2; do test -e /proc/$$/fd/$n && echo $n >&5; done; echo none >&5";
  const run = spawnSync("sh", ["-c", `${ATTACH} sh -c '${inside}' <&- >&- 2>&-; echo $?`], { encoding: "utf8" });
  equal(run.stdout, "0\n");
  equal(place.ours("lxc-attach", "-n", NAME, "--", "cat", "/open").out, "none\n");
});

test("what enters a frozen container waits, says why, and goes on with it", { skip, timeout: 60_000 }, async () => {
  equal(place.ours("lxc-freeze", "-n", NAME).err, "");
  const caller = spawn("sh", ["-c", `exec ${ATTACH} echo entered`]);
  let [out, err] = ["", ""];
  caller.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  caller.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  ok(await eventually(() => err !== "", 15_000));
  deepEqual([out, caller.exitCode], ["", null]);
  const way = `lxc-unfreeze -n ${NAME} -P ${place.lxcpath}`;
  equal(err, `lxc-attach: warning: ${NAME} is frozen, and so is what enters it until it is let go on: ${way}\n`);
  equal(place.ours("lxc-unfreeze", "-n", NAME).err, "");
  deepEqual([await once(caller, "close"), out], [[0, null], "entered\n"]);
});
