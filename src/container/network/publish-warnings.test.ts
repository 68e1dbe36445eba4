import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { droppedByLegacy } from "./publish-warnings.ts";

function warned(rules: string): string[] {
  return droppedByLegacy(["br0"], [{ program: "iptables-legacy", rules }]);
}

test("a chain of old iptables that drops what it does not know is told, with the command that lets containers through", () => {
  const [plain = ""] = warned("-P INPUT ACCEPT\n-P FORWARD DROP\n-A FORWARD -i br00 -j ACCEPT\n");
  match(
    plain,
    /: the chain iptables-legacy FORWARD drops .*; iptables-legacy -I FORWARD -o br0 -j ACCEPT; \S+ -I FORWARD -i br0/,
  );
  const [docker = ""] = warned("-P FORWARD DROP\n-N DOCKER-USER\n");
  match(docker, /: Docker's chain .*; iptables-legacy -I DOCKER-USER -o br0 -j ACCEPT/);
});

test("one that knows the bridge, or drops nothing, is not", () => {
  for (const rules of [
    "",
    "-P FORWARD ACCEPT\n",
    "-P INPUT DROP\n-P FORWARD ACCEPT\n",
    "-P FORWARD DROP\n-A FORWARD -o br0 -j ACCEPT\n",
    "-P FORWARD DROP\n-N DOCKER-USER\n-A DOCKER-USER -i br0 -j ACCEPT\n",
  ]) {
    deepEqual(warned(rules), [], rules);
  }
});
