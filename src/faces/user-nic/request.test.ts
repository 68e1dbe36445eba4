import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { requestIn } from "./request.ts";

const words = (...last: string[]): string[] => ["create", "/p", "c1", "42", "veth", "br0", ...last];
const removal = (where: string): string[] => ["delete", "/p", "c1", where, "veth", "br0", "veth1000_aaaa"];

test("a device is asked for with its name inside, or without", () => {
  const place = { pid: 42, file: "ns/net" };
  deepEqual(requestIn(words("eth0")), { action: "create", place, type: "veth", bridge: "br0", device: "eth0" });
  equal(requestIn(words())?.device, "eth%d");
});

test("a device is given back with its namespace, by a process or by a descriptor of LXC's monitor", () => {
  deepEqual(requestIn(removal("/proc/42/ns/net"))?.place, { pid: 42, file: "ns/net" });
  deepEqual(requestIn(removal("/proc/42/fd/7"))?.place, { pid: 42, file: "fd/7" });
});

test("no other path is one of a namespace", () => {
  for (const path of [
    "/root/.bashrc",
    "42",
    "",
    "/proc/self/ns/net",
    "/proc/42/ns/user",
    "/proc/42/ns/net/",
    "//proc/42/ns/net",
    "proc/42/ns/net",
    "/proc/42/fd/../../1/ns/net",
    "/proc/42/fd/-1",
    "/proc/42/fd/",
    "/proc/-42/fd/1",
    "/proc/042x/fd/1",
    "/proc/99999999/ns/net",
    "/proc/42/fd/99999999999999999999",
  ]) {
    equal(requestIn(removal(path)), undefined, path);
  }
});

test("what is no request is none", () => {
  const long = "e".repeat(100_000);
  for (const wrong of [
    [],
    ["create"],
    words("eth0", "more"),
    ["", "/p", "c1", "42", "veth", "br0"],
    ["remove", "/p", "c1", "42", "veth", "br0", "eth0"],
    ["delete", "/p", "c1", "/proc/42/ns/net", "veth", "br0"],
    ["create", "/p", "c1", "42", "macvlan", "br0"],
    ["create", "/p", "c1", "42", "veth", "br0/x"],
    ["create", "/p", "c1", "42", "veth", "--help"],
    ["create", "/p", "c1", "42", "veth", ""],
    ["create", "/p", "c1", "/proc/42/ns/net", "veth", "br0"],
    ["create", "/p", "c1", "-1", "veth", "br0"],
    ["create", "/p", "c1", "0x10", "veth", "br0"],
    ["create", "/p", "c1", " 42", "veth", "br0"],
    ["create", "/p", "c1", "", "veth", "br0"],
    words("a b"),
    words("../x"),
    words("--x"),
    words(""),
    words(long),
    ["create", "/p", "c1", long, "veth", long, long],
  ]) {
    equal(requestIn(wrong), undefined, wrong.join(" ").slice(0, 80));
  }
});
