import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ipv4Text, ipv6Text } from "../../base/ip.ts";
import { portsOverlap } from "../config/port-rules.ts";
import { type PublishedPorts, publishedPorts } from "../config/publish-codecs.ts";
import { listenerInTheWay, listenersIn, takenByListener } from "./taken-ports.ts";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1 0
   1: 0000000000000000FFFF00000105000A:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 98 1 0
   2: 000000FD000000000000000001000000:0052 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 97 1 0
`;

function ports(text: string): PublishedPorts {
  const values: PublishedPorts[] = [];
  publishedPorts.add(values, text);
  return values[0]!;
}

test("listeners are read with their addresses, and what is connected is none", () => {
  const shown = [...listenersIn(TCP, "tcp"), ...listenersIn(TCP6, "tcp")].map(({ address, port, inode }) => {
    const text = address.length === 0 ? "*" : address.length === 4 ? ipv4Text(address) : ipv6Text(address);
    return `${text} ${port} ${inode}`;
  });
  deepEqual(shown, ["127.0.0.1 8080 4711", "* 80 99", "10.0.5.1 81 98", "fd00::1 82 97"]);
});

test("a listener is in the way of what could be for it", () => {
  const listeners = [...listenersIn(TCP, "tcp"), ...listenersIn(TCP6, "tcp")];
  const found = [
    "8080:80",
    "127.0.0.1:8079-8081:79-81",
    "127.0.0.2:8080:80",
    "[fd00::1]:8080:80",
    "8080:80/udp",
    "8081:80",
    "[fd00::1]:80:80",
    "10.0.5.1:81:81",
    "[fd00::1]:81:81",
  ].map((text) => listenerInTheWay(ports(text), listeners)?.inode ?? "");
  deepEqual(found, ["4711", "4711", "", "", "", "", "99", "98", ""]);
});

test("published ports overlap when one packet could be for both", () => {
  const pairs: readonly [string, string, boolean][] = [
    ["80:80", "80:81", true],
    ["80:80", "80:80/udp", false],
    ["80:80", "10.0.0.1:80:80", true],
    ["10.0.0.1:80:80", "10.0.0.2:80:80", false],
    ["0.0.0.0:80:80", "10.0.0.2:80:80", true],
    ["0.0.0.0:80:80", "[::]:80:80", false],
    ["[::]:80:80", "[fd00::1]:80:80", true],
    ["80-90:80-90", "90-99:80-89", true],
    ["80-89:80-89", "90-99:80-89", false],
  ];
  for (const [one, other, overlaps] of pairs) {
    deepEqual(
      [portsOverlap(ports(one), ports(other)), portsOverlap(ports(other), ports(one))],
      [overlaps, overlaps],
      one,
    );
  }
});

test("who has the port is told with the key", () => {
  const listener = listenersIn(TCP, "tcp")[0]!;
  equal(
    takenByListener("lxc.net.0.publish", ports("8080:80"), listener, "the program nginx (process 7)").message,
    "cannot use lxc.net.0.publish = 8080:80/tcp: the program nginx (process 7) has 127.0.0.1:8080/tcp of this host already",
  );
});
