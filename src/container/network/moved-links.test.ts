import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { LinkInfo } from "../../kernel/links.ts";
import { type MovedLink, movedLinkIn, movedLinkText, returnedLink } from "./moved-links.ts";

const moved: MovedLink = {
  name: "eth0",
  mtu: 1500,
  hwaddr: "02:00:00:00:00:01",
  hwaddrInside: "10:66:6a:01:02:03",
  altNames: ["enp1s0", "lan"],
};

function link(name: string, kind: string, hwaddr: readonly number[]): LinkInfo {
  const none = new Uint8Array(0);
  const rest = { altNames: [], data: none, up: false, mtu: 1500, master: 0, peer: 0, rxBytes: 0, txBytes: 0 };
  return { index: 5, name, kind, hwaddr: new Uint8Array(hwaddr), ...rest };
}

const before = [2, 0, 0, 0, 0, 1];
const inside = [0x10, 0x66, 0x6a, 1, 2, 3];

test("what is remembered of a device is read as it was written, and nothing else is", () => {
  deepEqual(movedLinkIn(movedLinkText(moved)), moved);
  deepEqual(movedLinkIn(movedLinkText({ ...moved, altNames: [] })), { ...moved, altNames: [] });
  for (const text of ["", "eth0", "eth0 x a b", "a/b 1500 02 02", "eth0 1500 02"]) equal(movedLinkIn(text), undefined);
});

test("the device that came back is the only hardware with its address from before or from inside", () => {
  const name = (...links: LinkInfo[]): string | undefined => returnedLink(moved, links)?.name;
  equal(name(link("dev5", "", before), link("eth1", "", [2, 0, 0, 0, 0, 2])), "dev5");
  equal(name(link("dev5", "", inside)), "dev5");
  equal(name(link("veth0", "veth", before)), undefined);
  equal(name(link("a", "", before), link("b", "", inside)), undefined);
  equal(name(link("lo", "", [])), undefined);
});
