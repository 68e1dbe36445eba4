import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { leaseOf, leasesIn } from "./leases.ts";
import { lineOf, madeIn, ruleFrom, wordsOfRule } from "./made.ts";
import { socketsIn } from "./ports.ts";
import { iptablesRules, ruleWords } from "./ruleset.ts";
import { readBridgeSettings } from "./settings.ts";

test("what is noted is read again; a line that was cut off, or makes no sense, is left out", () => {
  const all = [
    { kind: "bridge" as const, words: ["lxcbr0", "10:66:6a:00:00:00"] },
    { kind: "table" as const, words: ["inet", "lxc"] },
  ];
  deepEqual(madeIn(all.map(lineOf).join("")), all);
  deepEqual(madeIn("bridge lxcbr0 10\nfile /etc/passwd\nup\n\nup lxcb"), [{ kind: "bridge", words: ["lxcbr0", "10"] }]);
});

test("a rule is taken away in the words it was made in", () => {
  const { settings } = readBridgeSettings(() => undefined, "machine");
  for (const rule of iptablesRules(settings, "FORWARD")) {
    deepEqual(ruleWords(ruleFrom(wordsOfRule(rule)), "delete"), ruleWords(rule, "delete"));
  }
  equal(iptablesRules(settings, "FORWARD").length, 15);
});

test("leases are lines of dnsmasq, up to those of IPv6", () => {
  const text =
    "1700000000 10:66:6a:00:00:02 10.0.3.7 c\x1b1 01:10\n0 10:66:6a:00:00:03 10.0.3.8 * *\nduid 00:01\n9 1 fd00::2 x y\n";
  const leases = leasesIn(text);
  deepEqual(leases, [
    { expires: 1700000000, hwaddr: "10:66:6a:00:00:02", address: "10.0.3.7", name: "c\\x1b1" },
    { expires: 0, hwaddr: "10:66:6a:00:00:03", address: "10.0.3.8", name: "" },
  ]);
  equal(leaseOf(leases, "10:66:6a:00:00:03")?.address, "10.0.3.8");
  equal(leaseOf(leases, "10:66:6a:00:00:04"), undefined);
});

test("who listens on a port is read from the kernel's tables", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0103000A:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 00000000:0035 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
   2: 00000000000000000000000000000000:0035 0:0000 0A 0:0 00:0 0     0        0 4713 1
   3: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4714 1 0 100 0 0 10 0\n`;
  deepEqual(socketsIn(text, 53, "0A"), [
    { address: "10.0.3.1", inode: "4711" },
    { address: "::", inode: "4713" },
  ]);
  deepEqual(socketsIn(text, 67, ""), [{ address: "0.0.0.0", inode: "4714" }]);
});
