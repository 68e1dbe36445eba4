import { deepEqual, equal, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describe, type LxcError } from "../../base/errors.ts";
import { findingLine } from "../../base/finding.ts";
import { actionText } from "./actions.ts";
import { compilePolicy } from "./compile.ts";
import type { Policy } from "./policy.ts";
import { policyFindings, readPolicy } from "./read.ts";
import { policyWarnings } from "./warnings.ts";
import { wordText } from "./word.ts";

/** A policy in short: its default, and each rule. */
function short(policy: Policy): string[] {
  const rules = policy.rules.map((rule) => {
    const comparisons = rule.comparisons.map(
      ({ index, operator, value, mask }) =>
        ` [${index} ${operator} ${wordText(value)}${operator === "MASKED_EQ" ? ` in ${wordText(mask)}` : ""}]`,
    );
    const name = rule.name === "" ? rule.number : rule.name;
    return `${rule.section}: ${name} ${actionText(rule.action)}${comparisons.join("")}`;
  });
  return [`${policy.version} ${actionText(policy.defaultAction)}`, ...rules];
}

function read(...lines: readonly string[]): string[] {
  return short(readPolicy(lines.join("\n"), "p"));
}

function found(...lines: readonly string[]): string[] {
  return policyFindings(lines.join("\n"), "p").map(findingLine);
}

test("kinds of policies, by their old names too, and what happens to calls without a rule", () => {
  deepEqual(read("2", "denylist", "read"), ["2 allow", "all: read kill"]);
  deepEqual(read("2", "blacklist errno 5", "read"), ["2 errno 5", "all: read kill"]);
  deepEqual(read("2", "allowlist", "read"), ["2 kill", "all: read allow"]);
  deepEqual(read("2", "whitelist trap", "read errno 1"), ["2 trap", "all: read errno 1"]);
  deepEqual(read("2", "", "allowlist kill_process # all", "read log"), ["2 kill_process", "all: read log"]);
  deepEqual(read("1", "whitelist", "0", "231"), ["1 kill", "native: 0 allow", "native: 231 allow"]);
});

test("sections, comments, blanks and line ends of any kind", () => {
  const lines = [
    "# one",
    "2\r",
    "",
    "denylist\r",
    "[X86] # two",
    "\t read\terrno\t1  # three",
    "[all]",
    "write#x errno 2",
    "",
  ];
  deepEqual(read(...lines), ["2 allow", "x86: read errno 1", "all: write#x errno 2"]);
});

test("comparisons, with and without an action before them, with signs or names, in any base", () => {
  deepEqual(
    read(
      "2",
      "denylist",
      "socket errno 97 [0,38,==]",
      "socket [0,0x26,SCMP_CMP_EQ][1,010,!=] [2, 3 , >= ]",
      "clone errno 1 [0,0x10000001,SCMP_CMP_MASKED_EQ,0x10000000]",
      "read allow [2,18446744073709551615,<]",
    ),
    [
      "2 allow",
      "all: socket errno 97 [0 EQ 0x26]",
      "all: socket kill [0 EQ 0x26] [1 NE 0x8] [2 GE 0x3]",
      // As with libseccomp, bits outside of the mask do not count.
      "all: clone errno 1 [0 MASKED_EQ 0x10000000 in 0x10000000]",
      "all: read allow [2 LT 0xffffffffffffffff]",
    ],
  );
});

test("reject_force_umount is a rule on umount2, with an action of its own if there is one", () => {
  deepEqual(read("2", "denylist", "reject_force_umount # no", "reject_force_umount errno 1"), [
    "2 allow",
    "all: umount2 errno 13 [1 MASKED_EQ 0x1 in 0x1]",
    "all: umount2 errno 1 [1 MASKED_EQ 0x1 in 0x1]",
  ]);
});

test("all that is wrong is said at once, by line and column", () => {
  const wrong = [
    ...[
      "2",
      "denylist",
      "[al]",
      "mkdir erno 1",
      "mkdir errno EPERM",
      "mkdir errno",
      "mkdir errno 4096",
      "mkdir kill now",
    ],
    ...[
      "mkdir [0,1]",
      "mkdir [6,1,==]",
      "mkdir [0,-1,==]",
      "mkdir [0,1,=]",
      "mkdir [0,1,&=]",
      "mkdir [0,1,==",
      "[all] x",
    ],
    ...["mkdir [0,1,&=,x]", "mkdir kill [0,1,==,1]"],
  ];
  const format = "write [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,&=,MASK]";
  deepEqual(found(...wrong), [
    'p:3:1: error: "[al]": there is no such architecture; did you mean [all]?',
    'p:4:7: error: "erno": there is no such action; did you mean errno?',
    'p:5:13: error: "EPERM": that is no number of an error; write 1',
    "p:6:7: error: errno: its number is missing; errno 1 is EPERM",
    'p:7:13: error: "4096": that is no number of an error; write a number from 0 to 4095',
    'p:8:12: error: "now": nothing may follow here; begin a comment with #',
    `p:9:7: error: "[0,1]": that is no comparison of an argument; ${format}`,
    `p:10:7: error: "[6,1,==]": arguments are numbered from 0 to 5; ${format}`,
    `p:11:7: error: "[0,-1,==]": "-1" is no number of at most 64 bits; ${format}`,
    'p:12:7: error: "[0,1,=]": "=" is no operator; write !=, <, <=, ==, >=, > or &=',
    `p:13:7: error: "[0,1,&=]": &= needs a mask that is not 0; ${format}: [0,1,&=,1]`,
    `p:14:7: error: "[0,1,==": its ] is missing; ${format}`,
    'p:15:7: error: "x": nothing may follow here; begin a comment with #',
    `p:16:7: error: "[0,1,&=,x]": "x" is no number of at most 64 bits; ${format}`,
    'p:17:12: warning: "[0,1,==,1]": only &= looks at the mask; take the mask out',
  ]);
});

test("a beginning that is none is said once", () => {
  deepEqual(found(""), ['p: error: it is empty; begin it with the line "2", then "denylist" or "allowlist"']);
  deepEqual(found("2"), [
    'p: error: it ends where its kind should be; write "denylist" or "allowlist" behind the version',
  ]);
  deepEqual(found("denylist", "read"), ['p:1:1: error: "denylist": there is no such version; begin with the line "2"']);
  deepEqual(found("2", "[all]", "read"), [
    'p:2:1: error: "[all]": that is no kind of policy; write "denylist" or "allowlist" here',
  ]);
  deepEqual(found("1", "denylist", "read", "0 x"), [
    'p:2:1: error: denylist: version 1 has only allowlist; begin with the line "2"',
    'p:3:1: error: "read": version 1 takes numbers of system calls; write names behind the line "2"',
    'p:4:3: error: "x": nothing may follow here; begin a comment with #',
  ]);
  deepEqual(found("2", "denylist notify"), [
    "p:2:10: error: notify: this would stop every call, and first those that hand the calls on; name the calls, one a line: mknod notify",
  ]);
});

test("a policy with errors is refused with all of them", () => {
  throws(
    () => readPolicy("2\ndenylist\nread x\nwrite y\n", "/etc/p"),
    (error: LxcError) => {
      equal(error.code, "config-invalid");
      equal(describe(error).length, 3);
      equal(error.message, "cannot read the seccomp policy /etc/p: 2 lines are wrong");
      return true;
    },
  );
});

function warned(host: "x86_64" | "arm64", ...lines: readonly string[]): string[] {
  return policyWarnings(readPolicy(lines.join("\n"), "p"), host).map(findingLine);
}

test("calls that are not there are warned of, with what may have been meant", () => {
  deepEqual(warned("x86_64", "2", "denylist", "mkdr", "chown32", "accept", "[arm]", "nonsense"), [
    "p:3:1: warning: mkdr: no such system call is known, and the rule has no effect; did you mean mkdir?",
  ]);
  deepEqual(warned("arm64", "2", "denylist", "mkdir", "cachestat", "\x1bxyzzy"), [
    "p:3:1: warning: mkdir: arm64 has no such system call, and the rule no effect",
    'p:5:1: warning: "\\x1bxyzzy": no such system call is known, and the rule has no effect',
  ]);
});

test("rules without effect are warned of", () => {
  deepEqual(
    warned(
      "x86_64",
      "2",
      "denylist",
      "read allow",
      "write errno 1",
      "write errno 1",
      "write errno 2",
      "bind errno 1 [1,2,==]",
      "bind errno 2 [1,2,==]",
      "socketcall errno 1",
    ),
    [
      "p:3:1: warning: read: allow is what happens without a rule; take the line out",
      "p:6:1: warning: write: line 4 has decided already: errno 1; take one of the two out",
      "p:8:1: warning: bind: line 7 has decided already: errno 1; take one of the two out",
    ],
  );
});

test("rules that a program can go round are warned of", () => {
  const ignored = "the kernel ignores the upper 32 bits of argument 0, and this looks at them";
  deepEqual(
    warned(
      "arm64",
      "2",
      "denylist",
      "socket errno 97 [0,38,==]",
      "socket errno 97 [0,39,&=,0xffffffff]",
      "socket errno 97 [0,40,>]",
    ),
    [`p:3:1: warning: socket: ${ignored}; compare with &= and the mask 0xffffffff: [0,0x26,&=,0xffffffff]`],
  );
  deepEqual(warned("arm64", "2", "allowlist", "socket allow [0,38,!=]", "socket allow [0,1,==]"), [
    `p:3:1: warning: socket: ${ignored}; compare with &= and the mask 0xffffffff: [0,0x26,&=,0xffffffff]`,
  ]);
  const hidden = "programs of x86 make it by socketcall as well, where arguments cannot be seen";
  deepEqual(warned("x86_64", "2", "denylist", "bind errno 1 [1,2,==]"), [
    `p:3:1: warning: bind: ${hidden}; add "socketcall errno 1", which ends it there`,
  ]);
});

test("the policies that come with lxc-ts have nothing to warn of, and the hardened one has all of the common rules", () => {
  const [common, hardened] = ["common", "hardened"].map((name) => {
    const policy = readPolicy(readFileSync(`share/lxc/config/${name}.seccomp`, "utf8"), name);
    for (const host of ["x86_64", "arm64"] as const) {
      const known = policyWarnings(policy, host).map(findingLine);
      // Some are of one architecture alone.
      deepEqual(
        known.filter((line) => !line.includes(`${host} has no such system call`) || host === "x86_64"),
        [],
      );
      equal(compilePolicy(policy, host).length > 0, true);
    }
    return short(policy);
  });
  deepEqual(
    common!.filter((rule) => !hardened!.includes(rule)),
    [],
  );
  deepEqual(common, [
    "2 allow",
    "all: umount2 errno 13 [1 MASKED_EQ 0x1 in 0x1]",
    ...["kexec_load", "open_by_handle_at", "init_module", "finit_module", "delete_module"].map(
      (name) => `all: ${name} errno 1`,
    ),
  ]);
});

test("every rule of the hardened policy says in a comment above it why", () => {
  const lines = readFileSync("share/lxc/config/hardened.seccomp", "utf8").split("\n");
  const rule = lines.findIndex((line) => line.startsWith("kexec_load"));
  let explained = false;
  for (const line of lines.slice(rule - 1)) {
    if (line.startsWith("#")) explained = true;
    else if (line !== "") equal(explained, true, line);
  }
});
