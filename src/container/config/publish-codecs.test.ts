import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { bitRate, bitRateText, leasedAddress, type PublishedPorts, publishedPorts } from "./publish-codecs.ts";

function read(text: string): PublishedPorts | undefined {
  const values: PublishedPorts[] = [];
  return publishedPorts.add(values, text) === undefined ? undefined : values[0];
}

test("a rate is a number of bits a second, with tc's units", () => {
  const rates: readonly [string, number][] = [
    ["10mbit", 10_000_000],
    ["1.5Gbit", 1_500_000_000],
    ["500kbit", 500_000],
    ["64000", 64_000],
    ["64000bit", 64_000],
    ["8kbit", 8000],
    ["1tbit", 1e12],
  ];
  for (const [text, bits] of rates) equal(bitRate.parse(text), bits, text);
});

test("what is no rate, or one that nobody means, is refused", () => {
  const wrong = [
    "",
    "fast",
    "10mbps",
    "10MB",
    "10mibit",
    "-5mbit",
    "1e6",
    "1..5mbit",
    ".5mbit",
    "5.mbit",
    "0",
    "7kbit",
  ];
  for (const text of wrong.concat(["2tbit", "10 mbit", "10mbit/s"])) equal(bitRate.parse(text), undefined, text);
});

test("a rate is shown with the largest unit that is exact", () => {
  deepEqual([10_000_000, 1_500_000_000, 64_001, 8000, 1e12].map(bitRateText), [
    "10mbit",
    "1500mbit",
    "64001bit",
    "8kbit",
    "1tbit",
  ]);
});

test("published ports are read with address, range and protocol, and written the same", () => {
  deepEqual(read("127.0.0.1:8000-8009:80-89/udp"), {
    host: Uint8Array.of(127, 0, 0, 1),
    first: 8000,
    last: 8009,
    target: 80,
    protocol: "udp",
  });
  const written: readonly [string, string][] = [
    ["8080:80", "8080:80/tcp"],
    ["8080:80/tcp", "8080:80/tcp"],
    ["0.0.0.0:53:53/udp", "0.0.0.0:53:53/udp"],
    ["[fd00::1]:8080:80", "[fd00::1]:8080:80/tcp"],
    ["[::]:1-3:1001-1003/udp", "[::]:1-3:1001-1003/udp"],
    ["65535:65535", "65535:65535/tcp"],
  ];
  for (const [text, expected] of written) {
    const ports = read(text);
    equal(ports === undefined ? "" : publishedPorts.format(ports), expected, text);
  }
});

test("what are no published ports is refused", () => {
  const wrong = ["80", ":80", "80:", "0:80", "80:65536", "8080:80/sctp", "8080:80/", "1-3:1-4", "3-1:3-1", "a:80:80"];
  const more = [
    "10.0.0.256:80:80",
    "fd00::1:80:80",
    "[fd00::1]80:80",
    "[::1:80:80",
    "80:80:80:80",
    "080000:80",
    "+8:8",
  ];
  for (const text of wrong.concat(more)) equal(read(text), undefined, text);
});

test("an address that a container is to be given has no prefix", () => {
  deepEqual(leasedAddress.parse("10.0.3.7"), Uint8Array.of(10, 0, 3, 7));
  equal(leasedAddress.parse("10.0.3.7/24"), undefined);
});
