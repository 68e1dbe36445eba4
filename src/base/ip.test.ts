import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./ip.ts";

test("dotted addresses are read and written as inet_pton and inet_ntop do", () => {
  const good = ["0.0.0.0", "10.0.3.1", "255.255.255.255"];
  deepEqual(
    good.map((text) => ipv4Text(ipv4Bytes(text) ?? new Uint8Array(0))),
    good,
  );
});

test("what is no dotted address is refused", () => {
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "-1.2.3.4",
    "01.2.3.4",
    "1.2.3.",
    "1..2.3",
    " 1.2.3.4",
    "a.b.c.d",
  ];
  deepEqual(
    bad.filter((text) => ipv4Bytes(text) !== undefined),
    [],
  );
});

test("IPv6 addresses get their short form", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["fd00:0:0:0:0:0:0:5", "fd00::5"],
    ["FD00::00aB", "fd00::ab"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:0:0:4:5:0:0:8", "1::4:5:0:0:8"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:10.0.3.1", "::ffff:10.0.3.1"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["fe80::1266:6aff:fe01:203", "fe80::1266:6aff:fe01:203"],
  ];
  deepEqual(
    rows.map(([text]) => ipv6Text(ipv6Bytes(text) ?? new Uint8Array(0))),
    rows.map(([, short]) => short),
  );
});

test("what is no IPv6 address is refused", () => {
  const bad = ["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::"];
  const dotted = ["1.2.3.4::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1%eth0", "fd00::/64", ":1::"];
  deepEqual(
    bad.concat(dotted).filter((text) => ipv6Bytes(text) !== undefined),
    [],
  );
});
