import { deepEqual, equal, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exceptionNames, withExceptions } from "./exceptions.ts";
import { readPolicy } from "./read.ts";

const hardened = readPolicy(readFileSync("share/lxc/config/hardened.seccomp", "utf8"), "hardened");

/** The rules that exceptions take out of the hardened policy. */
function without(...names: readonly string[]): string[] {
  const left = withExceptions(hardened, names).rules;
  return hardened.rules
    .filter((rule) => !left.includes(rule))
    .map((rule) =>
      `${rule.name} ${rule.comparisons.map(({ index, value }) => `${index}=${value.low}`).join(" ")}`.trim(),
    );
}

test("an exception takes the rules out that are about it, and no other", () => {
  deepEqual(without("af_alg"), ["socket 0=38"]);
  deepEqual(without("netlink_xfrm"), ["socket 0=16 2=6"]);
  deepEqual(without("af_tipc"), ["socket 0=30", "socketpair 0=30"]);
  deepEqual(without("tiocsti"), ["ioctl 1=21522"]);
  deepEqual(without("keyctl", "io_uring_setup"), ["keyctl", "io_uring_setup"]);
  deepEqual(without("read"), []);
  deepEqual(without(), []);
});

test("what one protocol is excepted from, others of its family are not", () => {
  const policy = readPolicy("2\ndenylist\nsocket errno 1 [0,16,==][2,9,==]\nsocket errno 1 [0,16,==]\n", "p");
  equal(withExceptions(policy, ["netlink_xfrm"]).rules.length, 2);
});

test("every name of an exception is one in the hardened policy", () => {
  for (const name of exceptionNames()) equal(without(name).length > 0, true, name);
});

test("under an allowlist an exception is a rule that allows", () => {
  const policy = readPolicy("2\nallowlist errno 1\nread\nkeyctl errno 38\n", "p");
  const rules = withExceptions(policy, ["af_vsock", "netlink_xfrm", "keyctl"]).rules;
  deepEqual(
    rules.map(
      (rule) => `${rule.name} ${rule.action === 0x7fff0000} ${rule.comparisons.map((one) => one.value.low).join(" ")}`,
    ),
    ["read true ", "socket true 40", "socketpair true 40", "socket true 16 6", "socketpair true 16 6", "keyctl true "],
  );
});

test("a name that means nothing is refused", () => {
  throws(() => withExceptions(hardened, ["af_alc"]), {
    message: 'cannot allow "af_alc": nothing has that name',
    hint: "did you mean af_alg?",
  });
});
