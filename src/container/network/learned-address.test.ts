import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../base/ip.ts";
import type { DeviceAddress } from "../../kernel/addresses.ts";
import { isInPrefix, learnedAddress } from "./learned-address.ts";

const none = new Uint8Array(0);

function at(text: string): DeviceAddress {
  const [address = "", prefix = ""] = text.split("/");
  const bytes = (address.includes(":") ? ipv6Bytes(address) : ipv4Bytes(address)) ?? none;
  return { device: 2, bytes, prefix: Number(prefix), scope: address.startsWith("fe80") ? 253 : 0 };
}

const host = ["10.0.3.1/24", "fe80::1/64", "fd00:3::1/64"].map(at);

function learn(size: number, current: string, ...inside: string[]): string {
  const bytes = current === "" ? none : at(`${current}/0`).bytes;
  const found = learnedAddress(size, bytes, inside.map(at), host);
  return size === 4 ? ipv4Text(found) : ipv6Text(found);
}

test("the first address of the bridge's network is taken, and kept as long as it is there", () => {
  equal(learn(4, "", "10.0.3.7/24", "10.0.3.8/24"), "10.0.3.7");
  equal(learn(4, "10.0.3.8", "10.0.3.7/24", "10.0.3.8/24"), "10.0.3.8");
  equal(learn(4, "10.0.3.9", "10.0.3.7/24"), "10.0.3.7");
  equal(learn(16, "", "fe80::5/64", "fd00:3::5/64", "10.0.3.7/24"), "fd00:3::5");
});

test("what root inside sets beyond that network, or of the host's own, leads nowhere", () => {
  deepEqual(
    [
      learn(4, "", "8.8.8.8/32", "10.0.4.7/8", "127.0.0.1/8"),
      learn(4, "", "10.0.3.1/24"),
      learn(16, "", "fe80::5/64", "2001:db8::1/64"),
      learn(4, "10.0.3.7"),
    ],
    ["", "", "", ""],
  );
});

test("a prefix is compared to the bit", () => {
  const compare = (one: string, prefix: number, other: string): boolean =>
    isInPrefix(ipv4Bytes(one) ?? none, ipv4Bytes(other) ?? none, prefix);
  deepEqual(
    [compare("10.0.3.127", 25, "10.0.3.1"), compare("10.0.3.128", 25, "10.0.3.1"), compare("1.2.3.4", 0, "9.9.9.9")],
    [true, false, true],
  );
});
