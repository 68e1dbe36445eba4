// A host on which nothing is set up reaches a container by its name after two commands.

import { equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, eventually, skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
const NAME = "lxctsnet-fresh";
/** As a package of LXC or ours installs it. */
const DEFAULT = ["lxc.net.0.type = veth", "lxc.net.0.link = lxcbr0", "lxc.net.0.flags = up", ""].join("\n");
let room: NetRoom;

before(async () => {
  if (skip !== false) return;
  room = await NetRoom.make("netfresh");
  writeFileSync(join(room.folder, "default.conf"), DEFAULT);
  room.shell(`for at in /etc/lxc /var/lib/lxc; do mkdir -p $at; mount -t tmpfs fresh $at; done
    cp ${room.folder}/default.conf /etc/lxc/default.conf`);
});

after(() => {
  if (skip === false) room.close();
});

test("lxc-net start and lxc run: the container is reached by its name, and gone afterwards", { skip }, async () => {
  const first = room.run(join(BIN, "lxc-run"), "-n", NAME, "busybox", "--", "true");
  equal(first.code, 1);
  match(first.err, /lxcbr0: there is no such bridge\n {2}hint: make it: run lxc-net start/);

  equal(room.net("start").code, 0);
  const words = ["-t", String(room.pid), "-m", "-n", join(BIN, "lxc-run"), "-n", NAME, "busybox", "--", "sleep", "60"];
  const running = spawn("nsenter", words, { stdio: "ignore" });
  const ended = new Promise((done) => running.on("exit", done));
  try {
    // What the host would do by systemd-resolved, or by the line that lxc-net names.
    room.shell("echo nameserver 10.0.3.1 > /run/resolv.conf; mount --bind /run/resolv.conf /etc/resolv.conf");
    const reached = () => room.run("ping", "-c", "1", "-W", "1", `${NAME}.lxc`).code === 0;
    equal(await eventually(reached, 20_000), true, room.net("status", NAME).out);
    equal(room.net("status", NAME).code, 0);
  } finally {
    running.kill("SIGTERM");
    await ended;
  }
  equal(await eventually(() => room.run(join(BIN, "lxc-ls")).out.trim() === "", 10_000), true);
  equal(room.net("stop").code, 0);
});
