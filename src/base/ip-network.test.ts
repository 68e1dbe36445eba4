import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ipv4Bytes } from "./ip.ts";
import {
  addressAt,
  addressBytes,
  addressOf,
  broadcastOf,
  isInNetwork,
  maskText,
  networkAround,
  networkIn,
  networkText,
  overlaps,
  prefixOfMask,
} from "./ip-network.ts";

const bytes = (text: string): Uint8Array => addressBytes(text) ?? new Uint8Array(0);
const network = (text: string) => networkIn(text) ?? { bytes: new Uint8Array(0), prefix: -1 };

test("a mask and its number of bits are each other's", () => {
  deepEqual(
    ["255.255.255.0", "255.255.254.0", "0.0.0.0", "255.255.255.255", "255.0.255.0", "254.255.0.0", "24"].map(
      prefixOfMask,
    ),
    [24, 23, 0, 32, undefined, undefined, undefined],
  );
  deepEqual([0, 20, 24, 32].map(maskText), ["0.0.0.0", "255.255.240.0", "255.255.255.0", "255.255.255.255"]);
});

test("a network is an address and a prefix that fits", () => {
  deepEqual(["10.0.3.0", "10.0.3.0/33", "10.0.3.0/-1", "10.0.3/24", "fd00::/129", "fd00::g/64"].map(networkIn), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  equal(networkText(networkAround(bytes("10.0.3.77"), 23)), "10.0.2.0/23");
  equal(networkText(networkAround(bytes("fd12:3456::1"), 20)), "fd12:3000::/20");
  equal(addressOf(broadcastOf(network("10.0.2.0/23"))), "10.0.3.255");
});

test("members, and networks that share some", () => {
  deepEqual(
    ["10.0.3.1", "10.0.4.1", "fd00::1"].map((text) => isInNetwork(network("10.0.3.0/24"), bytes(text))),
    [true, false, false],
  );
  deepEqual(
    ["10.0.0.0/8", "10.0.3.128/25", "10.0.4.0/24", "::/0"].map((text) =>
      overlaps(network("10.0.3.0/24"), network(text)),
    ),
    [true, true, false, false],
  );
});

test("addresses count from either end of a network", () => {
  const of = (at: number): string => addressOf(addressAt(network("10.0.255.0/23"), at));
  deepEqual([of(0), of(2), of(256), of(-2)], ["10.0.254.0", "10.0.254.2", "10.0.255.0", "10.0.255.254"]);
  deepEqual(addressAt(network("255.255.255.0/24"), -1), ipv4Bytes("255.255.255.255"));
});
