// lxc-net that is killed: whatever it was doing, the next one goes on, and stop leaves nothing.

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BIN, skipWithoutRoot } from "./host.ts";
import { NetRoom } from "./net-room.ts";

const skip = skipWithoutRoot;
let room: NetRoom;

/** The calls that change something, or begin a program that does: netlink, files, programs. */
const CALLS = ["sendto", "write", "clone3", "mkdirat", "unlinkat", "renameat2"];
const MOST = 60;

before(async () => {
  if (skip !== false) return;
  room = await NetRoom.make("netkill");
  room.settings("LXC_ADDR=10.77.4.1", "LXC_IPV6_ADDR=fd77:4::1", "LXC_IPV6_NAT=true");
  // As on a host with Docker, so that a rule of iptables is one of the steps.
  room.shell("mkdir -p /run/lxc; iptables -N DOCKER-USER; iptables -P FORWARD DROP");
});

after(() => {
  if (skip === false) room.close();
});

/** Runs lxc-net, killed when it makes that call for the Nth time. Returns whether it was. */
function killedAt(call: string, nth: number, verb: string): boolean {
  const inject = `inject=${call}:signal=KILL:when=${nth}`;
  const ran = room.run("strace", "-qq", "-o", "/dev/null", "-e", inject, join(BIN, "lxc-net"), verb, "-q");
  // As its own end, or as that of a program that strace ran.
  return ran.code !== 0;
}

/** Kills it at the first such call, the second, and so on to its end; `then` follows each time. Returns how often. */
function killEverywhere(call: string, verb: string, then: (at: string) => void): number {
  for (let nth = 1; nth < MOST; nth++) {
    const wasKilled = killedAt(call, nth, verb);
    then(`${verb}, ${call} ${nth}`);
    if (!wasKilled) return nth - 1;
  }
  throw new Error(`${call} has no end`);
}

test("a start that is killed at any step is gone on with by the next, and taken away by a stop", { skip }, () => {
  const first = room.state();
  let killed = 0;
  for (const call of CALLS) {
    killed += killEverywhere(call, "start", (at) => {
      // The last of them was not killed: then it runs already.
      room.net("start", "-q");
      equal(room.net("status").code, 0, at);
      equal(room.programs("dnsmasq").length, 1, at);
      equal(room.shell("nft -s list ruleset | grep -c -e DOCKER-USER -e 'name \"lxcbr0\"'").trim() !== "0", true, at);
      equal(room.shell("iptables -S DOCKER-USER | grep -c lxcbr0"), "2\n", at);
      equal(room.net("stop").code, 0, at);
      deepEqual(room.state(), first, at);
      deepEqual(room.programs("dnsmasq"), [], at);
    });
  }
  ok(killed > 25, `${killed} times`);
});

test("a start that was killed, and nothing but a stop after it", { skip }, () => {
  const first = room.state();
  for (const call of ["mkdirat", "clone3", "unlinkat"]) {
    killEverywhere(call, "start", (at) => {
      room.net("stop");
      deepEqual(room.state(), first, at);
      deepEqual(room.programs("dnsmasq"), [], at);
    });
  }
});

test("a stop that is killed at any step is gone on with by the next, or by a start", { skip }, () => {
  const first = room.state();
  let killed = 0;
  equal(room.net("start", "-q").code, 0);
  for (const call of CALLS) {
    killed += killEverywhere(call, "stop", (at) => {
      room.net("stop");
      deepEqual(room.state(), first, at);
      deepEqual(room.programs("dnsmasq"), [], at);
      equal(room.net("start", "-q").code, 0, at);
      equal(room.net("status").code, 0, at);
    });
    room.net("start", "-q");
  }
  ok(killed > 10, `${killed} times`);
  equal(room.net("stop").code, 0);
  deepEqual(room.state(), first);
});
