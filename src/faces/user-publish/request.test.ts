import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { publishedText } from "../../container/config/publish-codecs.ts";
import { requestIn } from "./request.ts";

const words = (...ports: string[]): string[] => ["/lxc", "c1", "0", "br0", "veth1000_aaaa", ...ports];

test("ports are asked for a container, one of its networks, and a device on a bridge", () => {
  const request = requestIn(words("8080:80", "127.0.0.1:8000-8009:80-89/tcp", "[fd00::1]:53:53/udp"));
  deepEqual([request?.container, request?.index], [{ lxcpath: "/lxc", name: "c1" }, 0]);
  deepEqual([request?.bridge, request?.device], ["br0", "veth1000_aaaa"]);
  deepEqual(request?.ports.map(publishedText), ["8080:80/tcp", "127.0.0.1:8000-8009:80-89/tcp", "[fd00::1]:53:53/udp"]);
});

test("what is no request is none", () => {
  const long = "x".repeat(100_000);
  const changed = (at: number, word: string): string[] => words("80:80").map((one, i) => (i === at ? word : one));
  for (const wrong of [
    [],
    words(),
    words("80"),
    words("80:80", ""),
    words("80:80", "80:81"),
    words("80:80/sctp"),
    words("1-2:1-3"),
    words("80:80 "),
    words(long),
    ...["", "lxc", "-P", `/${long}`].map((word) => changed(0, word)),
    ...["", long].map((word) => changed(1, word)),
    ...["", "-1", "1x", " 1", "0x1", "65536", long].map((word) => changed(2, word)),
    ...["", "br0/x", "--help", "..", "b r", long].map((word) => changed(3, word)),
    ...["", "../x", "a b", long].map((word) => changed(4, word)),
  ]) {
    equal(requestIn(wrong), undefined, wrong.join(" ").slice(0, 80));
  }
});

test("no request makes more rules than one configuration may", () => {
  equal(requestIn(words("1-1024:1001-2024"))?.ports.length, 1);
  equal(requestIn(words("1-1024:1001-2024", "3000:1")), undefined);
  equal(requestIn(words("1-20000:1-20000", "20001-40000:20001-40000"))?.ports.length, 2);
  const many = Array.from({ length: 65 }, (_, i) => `${i + 1}:${i + 1}`);
  equal(requestIn(words(...many.slice(1)))?.ports.length, 64);
  equal(requestIn(words(...many)), undefined);
});
