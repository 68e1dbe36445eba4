import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { allowedPortsIn, allowingText, arePortsAllowed } from "./allowed-ports.ts";
import { type PublishedPorts, publishedPorts } from "./publish-codecs.ts";

function ports(text: string): PublishedPorts[] {
  const values: PublishedPorts[] = [];
  publishedPorts.add(values, text);
  return values;
}

function isAllowed(asked: string, word: string): boolean {
  const all = ports(asked);
  equal(all.length, 1, asked);
  return all.every((one) => arePortsAllowed(one, allowedPortsIn(word) ?? []));
}

test("a range is allowed when all of it is in one that is", () => {
  for (const asked of ["8080:80", "8000-8999:8000-8999", "8999:1/udp", "127.0.0.1:8000:80", "[fd00::1]:8500:80/udp"]) {
    equal(isAllowed(asked, "8000-8999"), true, asked);
  }
  for (const asked of ["7999:80", "9000:80", "7999-8000:7999-8000", "8999-9000:1-2", "80:8080", "1-65535:1-65535"]) {
    equal(isAllowed(asked, "8000-8999"), false, asked);
  }
  equal(isAllowed("8000-8002:1-3", "8000-8001,8002"), false);
  equal(isAllowed("53:53/udp", "22/tcp,53/udp"), true);
});

test("a protocol or an address that is named allows no other", () => {
  deepEqual(
    ["53:53/udp", "53:53/tcp"].map((asked) => isAllowed(asked, "53/udp")),
    [true, false],
  );
  const asked = ["127.0.0.1:80:80", "80:80", "0.0.0.0:80:80", "127.0.0.2:80:80", "[::1]:80:80"];
  deepEqual(
    asked.map((one) => isAllowed(one, "127.0.0.1:80")),
    [true, false, false, false, false],
  );
  equal(isAllowed("[fd00::1]:80:80", "[fd00::1]:80-81/tcp"), true);
});

test("a word with a part that is no range allows nothing", () => {
  for (const word of [
    "",
    ",",
    "80,",
    "0",
    "65536",
    "9-8",
    "80-",
    "-80",
    "80/sctp",
    "80/",
    ":80",
    "1.2.3:80",
    "::1:80",
    "a",
    "80 81",
  ]) {
    equal(allowedPortsIn(word), undefined, word);
  }
});

test("the word that a refusal proposes allows just that", () => {
  for (const asked of ["8080:80", "53:53/udp", "8000-8009:80-89"]) {
    for (const one of ports(asked)) equal(isAllowed(asked, allowingText(one)), true, asked);
  }
  equal(allowingText(ports("127.0.0.1:8000-8009:80-89")[0] ?? ports("1:1")[0]!), "8000-8009/tcp");
});
