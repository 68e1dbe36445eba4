import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { type PublishedPorts, publishedPorts } from "../config/publish-codecs.ts";
import {
  guardRequests,
  isTableOf,
  ownerOf,
  ownerOfUser,
  type PublishTarget,
  plainWord,
  tableOf,
  tableRequests,
  usesLoopback,
  wayRequests,
} from "./published.ts";

const ipv4 = Uint8Array.of(10, 0, 3, 7);
const ipv6 = Uint8Array.of(0xfd, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);

function target(...texts: string[]): PublishTarget {
  const ports: PublishedPorts[] = [];
  for (const text of texts) publishedPorts.add(ports, text);
  const owner = ownerOf({ name: "c1", lxcpath: "/lxc" });
  return { table: tableOf(owner, 0), owner, device: "br0", ports };
}

function doings(given: PublishTarget, ...addresses: Uint8Array[]): string[] {
  return wayRequests(given, addresses)
    .map((request) => request.doing)
    .filter((doing) => !doing.startsWith("empty "));
}

test("a table is named after its container, never like another one's, and nft can read its name", () => {
  const owner = ownerOf({ name: "c1", lxcpath: "/lxc" });
  const one = tableOf(owner, 0);
  match(one, /^lxc-publish-c1-[0-9a-f]{16}-0$/);
  notEqual(tableOf(ownerOf({ name: "c1", lxcpath: "/srv" }), 0), one);
  notEqual(tableOf(owner, 1), one);
  equal(plainWord('a"b ü/c'), "a_b___c");
  equal(tableOf(ownerOf({ name: "x".repeat(300), lxcpath: "/" }), 9).length, 12 + 40 + 1 + 16 + 2);
});

test("a user's table is never that of another user, nor of root, whatever the user calls a container", () => {
  const container = { name: "c1", lxcpath: "/lxc" };
  const table = tableOf(ownerOfUser(container, 1000), 3);
  match(table, /^lxc-publish-1000\/c1-[0-9a-f]{16}-3$/);
  equal(ownerOfUser(container, 1000).shown, "/lxc/c1 of user 1000");
  deepEqual(
    [1000, 100, 10_001].map((uid) => isTableOf(ownerOfUser(container, uid), table)),
    [true, false, false],
  );
  equal(isTableOf(ownerOf(container), table), false);
  match(tableOf(ownerOf({ name: "1000/c1", lxcpath: "/lxc" }), 0), /^lxc-publish-1000_c1-/);
});

test("each port leads by two rules, but one of 127.0.0.1 by that for what this host sends", () => {
  const hairpins = ["publish ports of /lxc/c1 to its neighbours", "publish ports of /lxc/c1 to itself"];
  deepEqual(doings(target("10.9.0.1:8080:80"), ipv4), [
    "publish 10.9.0.1:8080:80/tcp",
    "publish 10.9.0.1:8080:80/tcp",
    ...hairpins,
  ]);
  const loopback = ["publish 127.0.0.1:8080:80/tcp", ...hairpins, "publish ports of /lxc/c1 on 127.0.0.1"];
  deepEqual(doings(target("127.0.0.1:8080:80"), ipv4), loopback);
});

test("a range keeps to one rule where the numbers stay, and takes one for each port where they do not", () => {
  equal(doings(target("10.9.0.1:8000-8009:8000-8009"), ipv4).length, 4);
  equal(doings(target("10.9.0.1:8000-8009:80-89"), ipv4).length, 22);
});

test("an address of the host is only for its own protocol", () => {
  equal(doings(target("10.9.0.1:80:80"), ipv6).length, 2);
  equal(doings(target("[fd00::1]:80:80"), ipv4).length, 2);
  equal(doings(target("80:80"), ipv4, ipv6).length, 2 + 2 + 2 + 2 + 1);
  deepEqual(doings(target("80:80")), []);
});

test("the loopback addresses are kept to the host where, and only where, they lead to a container", () => {
  deepEqual(
    ["80:80", "127.0.0.1:80:80", "0.0.0.0:80:80", "10.9.0.1:80:80", "[::]:80:80"].map((text) =>
      usesLoopback(target(text).ports),
    ),
    [true, true, true, false, false],
  );
  const guards = tableRequests(target("80:80"), true).filter(({ doing }) => doing.startsWith("keep 127"));
  deepEqual([guards.length, guardRequests("br0").length], [3, 5]);
  equal(
    tableRequests(target("80:80"), false).some(({ doing }) => doing.startsWith("keep 127")),
    false,
  );
});
